/** Opcodes of the socket filter that the kernel runs during a dump (include/uapi/linux/inet_diag.h, INET_DIAG_BC_*). */
const opcodes = { jump: 1, sourcePortEquals: 11, destinationPortEquals: 12 } as const;
const comparisonBytes = 8;
const jumpBytes = 4;

/** Accepts sockets whose local port is one of `localPorts` or whose remote port is one of `remotePorts`. */
export interface PortFilter {
  readonly localPorts?: readonly number[];
  readonly remotePorts?: readonly number[];
}

/**
 * The filter as a program for INET_DIAG_REQ_BYTECODE, or `undefined` when it names no port and so accepts everything.
 *
 * Each operation is {code u8, yes u8, no u16}: on success the kernel goes forward by `yes` bytes, else by `no`. Arriving
 * exactly at the end accepts, arriving four bytes beyond it rejects. `yes` must be the operation's own length, so an
 * alternative that matched is followed by a jump to the end.
 */
export function encodePortFilter(filter: PortFilter): Buffer | undefined {
  const comparisons = [
    ...(filter.localPorts ?? []).map((port) => ({ code: opcodes.sourcePortEquals, port })),
    ...(filter.remotePorts ?? []).map((port) => ({ code: opcodes.destinationPortEquals, port })),
  ];
  if (comparisons.length === 0) return undefined;
  const program = Buffer.alloc(comparisons.length * (comparisonBytes + jumpBytes) - jumpBytes);
  comparisons.forEach(({ code, port }, index) => {
    const at = index * (comparisonBytes + jumpBytes);
    // For the last comparison, which no jump follows, the same distance leads beyond the end: reject.
    const onMismatch = comparisonBytes + jumpBytes;
    program.writeUInt8(code, at);
    program.writeUInt8(comparisonBytes, at + 1);
    program.writeUInt16LE(onMismatch, at + 2);
    program.writeUInt16LE(port, at + 6);
    const jumpAt = at + comparisonBytes;
    if (jumpAt === program.length) return;
    program.writeUInt8(opcodes.jump, jumpAt);
    program.writeUInt8(jumpBytes, jumpAt + 1);
    program.writeUInt16LE(program.length - jumpAt, jumpAt + 2);
  });
  return program;
}
