import { QmpError, type QmpFault } from '#main/qmp/fault.ts';

/** The fault with which the promise rejects; `undefined` when it resolves. Any other exception passes through. */
export async function faultOf(promise: Promise<unknown>): Promise<QmpFault | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof QmpError) return error.fault;
      throw error;
    },
  );
}
