/** Keys of TOML: bare, quoted or literal, with dots between them. */

/** A key and the blank around it. */
const KEY = /\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+)\s*/y;

/** What escapes of a basic string stand for, besides those of a code. */
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\u001b',
};

/** The parts of a dotted key from a position on, and where it ends, behind the blank that follows. */
export function keysAt(text: string, from: number): { keys: string[]; end: number } {
  const keys: string[] = [];
  let end = from;
  for (;;) {
    KEY.lastIndex = end;
    const name = KEY.exec(text)?.[1];
    if (name === undefined) return { keys, end };
    keys.push(unquoted(name));
    end = KEY.lastIndex;
    if (text[end] !== '.') return { keys, end };
    end++;
  }
}

/** What a string of one line or a bare word says. */
export function unquoted(written: string): string {
  if (written.startsWith("'")) return written.slice(1, -1);
  if (!written.startsWith('"')) return written;
  return written
    .slice(1, -1)
    .replace(/\\(?:u([\da-f]{4})|U([\da-f]{8})|x([\da-f]{2})|(.))/gi, (_whole, four, eight, two, sign) =>
      sign === undefined
        ? String.fromCodePoint(Math.min(Number.parseInt(four ?? eight ?? two, 16), 0x10ffff))
        : (ESCAPES[sign] ?? sign),
    );
}
