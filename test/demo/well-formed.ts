/** The first place at which a document is no well-formed XML, as far as tags, attributes and references go. */
export function brokenTagOf(html: string): string | undefined {
  const body = html.replace(/^<!DOCTYPE html>\n/, '').replace(/<style>[^<]*<\/style>/, '<style></style>');
  const open: string[] = [];
  let at = 0;
  const tag = /<(\/?)([a-z][a-z\d]*)((?: [a-z-]+="[^"<&]*")*)( ?\/)?>/gy;
  while (at < body.length) {
    const next = body.indexOf('<', at);
    const text = body.slice(at, next < 0 ? undefined : next);
    const reference = /&(?!#\d+;)|>/.exec(text);
    if (reference) return text.slice(reference.index, reference.index + 40);
    if (next < 0) {
      at = body.length;
      continue;
    }
    tag.lastIndex = next;
    const [all, closes, name = '', , isEmpty] = tag.exec(body) ?? [];
    if (all === undefined) return body.slice(next, next + 40);
    if (closes) {
      if (open.pop() !== name) return all;
    } else if (!isEmpty) open.push(name);
    at = next + all.length;
  }
  return open.at(-1);
}
