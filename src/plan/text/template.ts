/** Texts of the templates by name; read at the edge, so that planning stays pure. */
export interface Templates {
  index: string;
  indexWithEnv: string;
  hooks: string;
  schema: string;
  worker: string;
}

/**
 * Fills `{{name}}` places. A line that holds nothing but an empty place disappears; a value of several lines takes on
 * the indentation of the line that it starts in.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template
    .split(/\r?\n/)
    .flatMap((line) => {
      const alone = /^\s*\{\{(\w+)\}\}\s*$/.exec(line);
      if (alone && values[alone[1]!] === '') return [];
      const indentation = /^ */.exec(line)![0];
      const filled = line.replace(/\{\{(\w+)\}\}/g, (place, name: string) => {
        const value = values[name];
        if (value === undefined) throw new Error(`the template names ${place}, which has no value`);
        return value.split('\n').join(`\n${indentation}`);
      });
      return [filled];
    })
    .join('\n');
}
