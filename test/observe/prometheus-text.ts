/** One line of a text of Prometheus. */
export interface ShownSample {
  /** The metric it belongs to: without the suffix of a histogram's line. */
  metric: string;
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Reads a text in the format of Prometheus. Throws at what is none. */
export function parsedText(text: string): {
  kinds: Map<string, string>;
  helps: Map<string, string>;
  samples: ShownSample[];
} {
  const kinds = new Map<string, string>();
  const helps = new Map<string, string>();
  const samples: ShownSample[] = [];
  for (const line of text.split('\n')) {
    const [, word, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') helps.set(about, unescaped(rest));
    else if (word === 'TYPE') kinds.set(about, rest);
    else if (line !== '' && !line.startsWith('#')) samples.push(sampleIn(line, kinds));
  }
  return { kinds, helps, samples };
}

function sampleIn(line: string, kinds: ReadonlyMap<string, string>): ShownSample {
  const match = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line);
  if (!match) throw new Error(`no sample: ${line}`);
  const [, name = '', labelsText = '', number = ''] = match;
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < labelsText.length) {
    const label = /^,?(\w+)="((?:[^"\\]|\\.)*)"/.exec(labelsText.slice(at));
    if (!label) throw new Error(`no labels: ${labelsText}`);
    labels[label[1] as string] = unescaped(label[2] as string);
    at += label[0].length;
  }
  const metric = name.replace(/_(bucket|sum|count)$/, '');
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
  return { metric: kinds.get(metric) === 'histogram' ? metric : name, name, labels, value };
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
