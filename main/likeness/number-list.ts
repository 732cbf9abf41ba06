/** More than Linux has of processors or memory nodes. */
const mostNumbers = 16_384;

/** The numbers in a list as the kernel writes them, `0-3,8`; empty for what is none. */
export function parseNumberList(text: string): readonly number[] {
  const parts = text.trim().split(',');
  const ranges = parts.map((part) => /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part));
  const numbers: number[] = [];
  for (const range of ranges) {
    if (!range) return [];
    const [, first = '', last = first] = range;
    for (let each = Number(first); each <= Number(last) && numbers.length < mostNumbers; each += 1) numbers.push(each);
  }
  return numbers;
}

/** A list that holds all that there is says so, and then means the same on a machine with more or fewer. */
export function orEvery(list: string, present: readonly number[], every: string): string {
  const listed = new Set(parseNumberList(list));
  return present.length > 0 && present.every((each) => listed.has(each)) ? every : list;
}
