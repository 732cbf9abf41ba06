/** What Electron hands to listeners that may forbid something. */
export interface Cancellable {
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

export function cancellable<Details extends object>(details: Details): Details & Cancellable {
  let prevented = false;
  return {
    ...details,
    get defaultPrevented() {
      return prevented;
    },
    preventDefault() {
      prevented = true;
    },
  };
}
