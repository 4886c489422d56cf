import { propertyKey, quote } from './literal.js';

/** Data as it can stand in a source file. */
export type Literal =
  | string
  | number
  | boolean
  | null
  | readonly Literal[]
  | { readonly [key: string]: Literal | undefined };

/** Up to which width a list or an object stays on one line. */
const lineWidth = 90;

/**
 * Data as code, in the templates' style. What is longer than a line, and every object less than `open` levels deep, is
 * broken into one line per member.
 */
export function printLiteral(value: Literal, options: { open?: number; column?: number } = {}): string {
  const { open = 0, column = 0 } = options;
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value !== 'object') return String(value);

  const members = membersOf(value);
  const [start, end] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (members.length === 0) return start + end;
  if (open <= 0 || Array.isArray(value)) {
    const pad = start === '{' ? ' ' : '';
    const line =
      start + pad + members.map(({ key, value }) => key + printLiteral(value)).join(', ') + pad + end;
    if (column + line.length <= lineWidth && !line.includes('\n')) return line;
  }
  const lines = members.map(({ key, value }) => {
    const text = printLiteral(value, { open: open - 1, column: column + 2 + key.length });
    return `  ${key}${text.split('\n').join('\n  ')},`;
  });
  return `${start}\n${lines.join('\n')}\n${end}`;
}

function membersOf(
  value: Exclude<Literal, string | number | boolean | null>,
): { key: string; value: Literal }[] {
  if (Array.isArray(value))
    return (value as readonly Literal[]).map((member) => ({ key: '', value: member }));
  return Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [{ key: `${propertyKey(name)}: `, value: member as Literal }],
  );
}
