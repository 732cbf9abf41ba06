import { z } from 'zod';
import { run } from './command.ts';

/** `undefined` is the namespace of this process. */
export type NamespaceName = string | undefined;

/** Runs several commands in one process of iproute2; the first that fails ends it. */
export async function batch(
  program: 'ip' | 'tc',
  namespace: NamespaceName,
  commands: readonly string[],
): Promise<void> {
  if (commands.length === 0) return;
  await run(program, [...at(namespace), '-batch', '-'], `${commands.join('\n')}\n`);
}

function at(namespace: NamespaceName): string[] {
  return namespace === undefined ? [] : ['-n', namespace];
}

async function show<Row>(
  program: 'ip' | 'tc',
  namespace: NamespaceName,
  row: z.ZodType<Row>,
  command: readonly string[],
): Promise<Row[]> {
  return parseTable(row, await run(program, [...at(namespace), '-j', ...command]));
}

/** Reads what `-j` prints. An empty table is printed as nothing at all by some releases. */
export function parseTable<Row>(row: z.ZodType<Row>, printed: string): Row[] {
  return printed.trim() === '' ? [] : z.array(row).parse(JSON.parse(printed));
}

const linkSchema = z.object({ ifname: z.string(), ifalias: z.string().optional(), operstate: z.string() });

const interfaceSchema = z.object({
  ifname: z.string(),
  flags: z.array(z.string()),
  addr_info: z.array(z.object({ family: z.string(), local: z.string() })),
});

const neighbourSchema = z.object({ dev: z.string(), lladdr: z.string().optional() });

/** tbf prints its rate in bytes per second; the options of others are of no concern here. */
export const qdiscSchema = z.object({
  kind: z.string(),
  dev: z.string(),
  root: z.boolean().optional(),
  options: z.object({ rate: z.number().optional() }).optional(),
});

export const showLinks = (namespace: NamespaceName): Promise<z.infer<typeof linkSchema>[]> =>
  show('ip', namespace, linkSchema, ['link', 'show']);

export const showInterfaces = (namespace: NamespaceName): Promise<z.infer<typeof interfaceSchema>[]> =>
  show('ip', namespace, interfaceSchema, ['address', 'show']);

export const showPermanentNeighbours = (namespace: NamespaceName): Promise<z.infer<typeof neighbourSchema>[]> =>
  show('ip', namespace, neighbourSchema, ['neighbour', 'show', 'nud', 'permanent']);

export const showQdiscs = (namespace: NamespaceName): Promise<z.infer<typeof qdiscSchema>[]> =>
  show('tc', namespace, qdiscSchema, ['qdisc', 'show']);
