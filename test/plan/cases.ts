import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TransformResult } from '../../src/plan/plan.js';

/** One folder: a file before the edit, and after it or the lines to paste where it is refused. */
interface Case {
  name: string;
  extension: string;
  input: string;
  output?: string;
  refusal?: string;
}

function readCases(folder: string): Case[] {
  const directory = path.join(import.meta.dirname, folder);
  return readdirSync(directory).map((name) => {
    const files = readdirSync(path.join(directory, name));
    const input = files.find((file) => file.startsWith('input.'))!;
    const extension = input.slice('input.'.length);
    const read = (file: string) => {
      const absolute = path.join(directory, name, file);
      return existsSync(absolute) ? readFileSync(absolute, 'utf8') : undefined;
    };
    return {
      name,
      extension,
      input: read(input)!,
      output: read(`output.${extension}`),
      refusal: read('refusal.txt'),
    };
  });
}

/** Tests a transform on each folder: the output, the same with Windows line ends, and that a second time changes nothing. */
export function testCases(
  folder: string,
  transform: (text: string, extension: string) => TransformResult | Promise<TransformResult>,
): void {
  describe.each(readCases(folder))('$name', ({ extension, input, output, refusal }) => {
    if (output === undefined) {
      test('is refused, with the very lines to paste', async () => {
        const result = await transform(input, extension);
        if (result.ok) throw new Error(`it was edited to\n${result.content}`);
        expect(`${result.paste}\n`).toBe(refusal);
        expect(result.reason).toMatch(/\.$/);
      });
      return;
    }
    test('becomes what it should, whatever the line ends', async () => {
      expect(await transform(input, extension)).toEqual({
        ok: true,
        content: output,
        modified: input !== output,
      });
      const crlf = (text: string) => text.replaceAll('\n', '\r\n');
      expect(await transform(crlf(input), extension)).toMatchObject({ content: crlf(output) });
    });
    test('is left alone the second time', async () => {
      expect(await transform(output, extension)).toEqual({ ok: true, content: output, modified: false });
    });
  });
}
