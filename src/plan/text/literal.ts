/** Strings and property keys as code. A slug may hold anything: what is written here can never end its literal. */

/**
 * A string literal, with everything escaped that could end it or the file around it. In the given quotes, unless the
 * others save escaping them.
 */
export function quote(value: string, quotes: 'single' | 'double' = 'single'): string {
  const [preferred, other] = quotes === 'single' ? ["'", '"'] : ['"', "'"];
  const mark = value.includes(preferred) && !value.includes(other) ? other : preferred;
  let text = '';
  for (const char of value) text += char === mark ? `\\${mark}` : escapedCharacter(char);
  return mark + text + mark;
}

/** A property key: bare where it's a plain identifier, else quoted. */
export function propertyKey(name: string, quotes: 'single' | 'double' = 'single'): string {
  // In an object literal `__proto__: x` sets the prototype; only a computed key makes it a property.
  if (name === '__proto__') return `[${quote(name, quotes)}]`;
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : quote(name, quotes);
}

const named: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapedCharacter(char: string): string {
  const name = named[char];
  if (name) return name;
  // `</script>` must not end an inline script, should a bundler ever put the code into one.
  if (char === '<') return '\\x3C';
  const code = char.codePointAt(0)!;
  const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(char);
  if (!invisible) return char;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
