import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { inspectProject, type Project } from '../../src/inspect/project.js';
import { makeSite, typeErrors, wire } from './forms.js';
import { type Draw, writeSite } from './writing.js';

/** More of them, and others each time, on demand: `WRITINGS=1000 npx vitest run test/inspect/writing.test.ts`. */
const WRITINGS = Number(process.env.WRITINGS ?? 0);
// Another number is another text altogether: there is nothing to shrink.
const runs = {
  endOnFailure: true,
  ...(WRITINGS > 0 ? { numRuns: WRITINGS } : { numRuns: 80, seed: 20261121 }),
};

const site = makeSite();
afterAll(() => site.remove());

let count = 0;
function place(files: Record<string, string>): string {
  const directory = path.join(site.directory, `site-${count++}`);
  const all = { 'package.json': '{ "type": "module", "dependencies": { "payload": "^3.90.0" } }', ...files };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), text);
  }
  return directory;
}

/** The schema without where it was found and what was left to plugins. */
function schemaOf({ schema }: Project) {
  const bare = <T extends { location?: unknown }>({ location: _, ...rest }: T) => rest;
  return {
    ...schema,
    collections: schema.collections.map(bare),
    globals: schema.globals.map(bare),
    unresolved: schema.unresolved.filter(({ part }) => part !== 'plugins'),
  };
}

const plainest = inspectProject({ cwd: place(writeSite((options) => options[0]!)) });

test('however a site is written, its schema is the same, and the edit adds to it what type-checks', () => {
  expect(plainest.schema.collections.map(({ slug }) => slug)).toEqual(['media', 'pages', 'posts', 'users']);
  const written: { files: Record<string, string>; edited: string; text: string }[] = [];
  fc.assert(
    fc.property(fc.integer(), (number) => {
      const files = writeSite(drawing(number));
      const cwd = place(files);
      const project = inspectProject({ cwd });
      expect(schemaOf(project)).toEqual(schemaOf(plainest));

      const { text } = project.configShape.config;
      const { edit, file } = wire(project);
      if (!edit.ok) throw new Error(`${edit.reason}\n${text}`);
      expect(missingFrom(edit.content, text)).toBeUndefined();
      const again = inspectProject({ cwd });
      expect(again.configShape.wired.elements).toBe(1);
      expect(schemaOf(again)).toEqual(schemaOf(plainest));
      expect(wire(again).edit).toEqual({ ok: true, content: edit.content, modified: false });
      written.push({ files, edited: file, text: edit.content });
    }),
    runs,
  );
  const errors = typeErrors(written.map(({ edited }) => edited));
  for (const { edited, text } of written) expect(errors.get(edited), text).toEqual([]);
});

/** Draws that follow from a number (mulberry32). */
function drawing(number: number): Draw {
  let state = number | 0;
  return (options) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return options[((mixed ^ (mixed >>> 14)) >>> 0) % options.length]!;
  };
}

/** The first character of a text, spaces aside, that the other does not have in the same order. */
function missingFrom(edited: string, original: string): string | undefined {
  let at = 0;
  for (const [index, char] of [...original].entries()) {
    if (/\s/.test(char)) continue;
    at = edited.indexOf(char, at);
    if (at === -1) return original.slice(index, index + 40);
    at++;
  }
  return undefined;
}
