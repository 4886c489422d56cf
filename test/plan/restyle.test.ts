import { expect, test } from 'vitest';
import type { CodeStyle } from '../../src/inspect/code-style.js';
import { restyle } from '../../src/plan/text/restyle.js';

const ours: CodeStyle = {
  quotes: 'single',
  semicolons: true,
  indent: '  ',
  lineEnding: '\n',
  trailingCommas: true,
  importExtension: '',
};

const code = `import type { A } from './a';

/**
 * It's "quoted"; here.
 */
export const list: A[] = [
  {
    name: 'it\\'s',
    text: 'say "no"',
    run: ({ id }) => {
      call(id);
    },
  },
];
`;

test("the templates' own style is left as it is", () => {
  expect(restyle(code, ours)).toBe(code);
});

test('quotes, semicolons, commas, indentation and line ends become those of the project', () => {
  const style: CodeStyle = {
    ...ours,
    quotes: 'double',
    semicolons: false,
    indent: '\t',
    lineEnding: '\r\n',
    trailingCommas: false,
  };
  const lines = [
    'import type { A } from "./a"',
    '',
    '/**',
    ' * It\'s "quoted"; here.',
    ' */',
    'export const list: A[] = [',
    '\t{',
    '\t\tname: "it\'s",',
    '\t\ttext: \'say "no"\',',
    '\t\trun: ({ id }) => {',
    '\t\t\tcall(id)',
    '\t\t}',
    '\t}',
    ']',
    '',
  ];
  expect(restyle(code, style)).toBe(lines.join('\r\n'));
});
