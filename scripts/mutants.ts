import { parseSync } from 'vite';

/** One small change to a program, as a slip of the pen or of the mind would make it. */
export interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly line: number;
  /** Stays the same when lines move: the function it is in, what stood there, what stands there now. */
  readonly name: string;
}

/** What belongs to one program rather than to its language. */
export interface Dialect {
  /** Functions that make a decision: a call of one is replaced by another decision. */
  readonly decisions: Readonly<Record<string, string>>;
  /** Words of one kind: each is replaced by the next. A text that is none of them becomes another text. */
  readonly words: readonly (readonly string[])[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

type Change = readonly [node: Pick<Node, 'start' | 'end'>, replacement: string];

/** Every mutant of a TypeScript source, in its order. Types, imports and names are left alone. */
export function mutantsOf(source: string, dialect: Dialect): readonly Mutant[] {
  const { program, errors } = parseSync('source.ts', source);
  if (errors.length > 0) throw new Error(`not TypeScript: ${errors[0]?.message}`);
  const seen = new Set<string>();
  const named = new Map<string, number>();
  return [...changesIn(asNode(program), source, dialect, 'module')]
    .toSorted(([one], [other]) => one[0].start - other[0].start)
    .flatMap(([[{ start, end }, replacement], place]) => {
      const key = `${start} ${end} ${replacement}`;
      const before = source.slice(start, end);
      if (seen.has(key) || before === replacement) return [];
      seen.add(key);
      const title = `${place}: ${inOneLine(before)} -> ${inOneLine(replacement) || 'nothing'}`;
      const count = (named.get(title) ?? 0) + 1;
      named.set(title, count);
      const line = source.slice(0, start).split('\n').length;
      return [{ start, end, replacement, line, name: count === 1 ? title : `${title} (${count})` }];
    });
}

export function mutated(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

function* changesIn(
  node: Node,
  source: string,
  dialect: Dialect,
  place: string,
): Generator<readonly [change: Change, place: string]> {
  if (node.type === 'ImportDeclaration' || isType(node)) return;
  const here = node.type === 'FunctionDeclaration' ? textOf(child(node, 'id'), source) : place;
  for (const change of changesOf(node, source, dialect)) yield [change, here];
  for (const each of childrenOf(node)) yield* changesIn(each, source, dialect, here);
}

function isType({ type }: Node): boolean {
  return type.startsWith('TS') && !['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'].includes(type);
}

function* changesOf(node: Node, source: string, dialect: Dialect): Generator<Change> {
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      for (const value of ['true', 'false']) yield [child(node, 'test'), value];
      yield* negation(child(node, 'test'), source);
      return;
    case 'LogicalExpression':
      yield* changesOfLogic(node, source);
      return;
    case 'BinaryExpression':
      for (const operator of operators[textOfOperator(node)] ?? []) yield [node, withOperator(node, operator, source)];
      return;
    case 'UnaryExpression':
      if (node['operator'] === '!') yield [node, textOf(child(node, 'argument'), source)];
      return;
    case 'CallExpression':
      yield* changesOfCall(node, source, dialect);
      return;
    case 'SwitchCase':
      yield [node, ''];
      return;
    case 'ArrayExpression':
      yield* withoutEach(node, 'elements', source);
      return;
    case 'ObjectExpression':
      if (children(node['properties']).some(({ type }) => type === 'SpreadElement')) {
        yield* withoutEach(node, 'properties', source);
      }
      return;
    case 'TemplateLiteral':
      yield [node, "'~'"];
      return;
    case 'Literal':
      for (const value of otherValues(node['value'], dialect)) yield [node, value];
  }
}

const operators: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '**': ['*'],
};

function* changesOfLogic(node: Node, source: string): Generator<Change> {
  const [left, right] = [child(node, 'left'), child(node, 'right')];
  yield [node, textOf(left, source)];
  yield [node, textOf(right, source)];
  const operator = textOfOperator(node);
  if (operator === '??') return;
  yield [node, withOperator(node, operator === '&&' ? '||' : '&&', source)];
  yield* negation(left, source);
  yield* negation(right, source);
}

/** A whole condition is its parts' affair; `!x` is negated by losing its mark. */
function* negation(condition: Node, source: string): Generator<Change> {
  if (condition.type === 'LogicalExpression' || condition.type === 'UnaryExpression') return;
  if (condition.type === 'BinaryExpression' && /^[!=]==$/.test(textOfOperator(condition))) return;
  yield [condition, `!(${textOf(condition, source)})`];
}

const oppositeMethods: Readonly<Record<string, string>> = {
  every: 'some',
  some: 'every',
  max: 'min',
  min: 'max',
  startsWith: 'endsWith',
};

function* changesOfCall(node: Node, source: string, { decisions }: Dialect): Generator<Change> {
  const callee = child(node, 'callee');
  const name = textOf(callee, source);
  const decision = Object.hasOwn(decisions, name) ? decisions[name] : undefined;
  if (decision !== undefined) yield [node, decision];
  if (callee.type !== 'MemberExpression') return;
  const property = child(callee, 'property');
  const opposite = oppositeMethods[textOf(property, source)];
  if (opposite !== undefined) yield [property, opposite];
}

/** A list without each of its members; what separates them goes along. */
function* withoutEach(node: Node, member: string, source: string): Generator<Change> {
  for (const each of children(node[member])) {
    const comma = /^\s*,/.exec(source.slice(each.end))?.[0].length ?? 0;
    yield [{ start: each.start, end: each.end + comma }, ''];
  }
}

function otherValues(value: unknown, { words }: Dialect): readonly string[] {
  if (typeof value === 'boolean') return [String(!value)];
  if (typeof value === 'number') return value === 0 ? ['1'] : [String(value + 1), String(value - 1)];
  if (typeof value !== 'string') return [];
  const kinds = words.filter((kind) => kind.includes(value));
  const others = kinds.map((kind) => kind[(kind.indexOf(value) + 1) % kind.length] ?? value);
  return (others.length === 0 ? [`${value}~`] : others).map((other) => JSON.stringify(other));
}

/** Names, and texts that a comparison or a label has already lost above, are left out. */
function childrenOf(node: Node): readonly Node[] {
  const left = new Set<unknown>();
  if (node.type === 'Property' || node.type === 'MemberExpression') left.add(node['key']).add(node['property']);
  if (node.type === 'SwitchCase') left.add(node['test']);
  if (node.type === 'ArrayExpression') for (const each of children(node['elements'])) if (isText(each)) left.add(each);
  if (node.type === 'BinaryExpression')
    for (const side of ['left', 'right']) if (isText(node[side])) left.add(node[side]);
  return Object.values(node)
    .flatMap((member) => (Array.isArray(member) ? (member as unknown[]) : [member]))
    .filter((member) => !left.has(member))
    .filter(isNode);
}

function isText(value: unknown): boolean {
  return isNode(value) && value.type === 'Literal' && typeof value['value'] === 'string';
}

function children(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function child(node: Node, member: string): Node {
  return asNode(node[member]);
}

function asNode(value: unknown): Node {
  if (!isNode(value)) throw new TypeError('The parser has left out what every such node has.');
  return value;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'end' in value;
}

function textOf({ start, end }: Node, source: string): string {
  return source.slice(start, end);
}

function textOfOperator(node: Node): string {
  return typeof node['operator'] === 'string' ? node['operator'] : '';
}

/** In brackets: the parts stay together. */
function withOperator(node: Node, operator: string, source: string): string {
  return `(${textOf(child(node, 'left'), source)} ${operator} ${textOf(child(node, 'right'), source)})`;
}

function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
