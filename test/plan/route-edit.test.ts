/** The edit of Payload's routes: the exact shape of its template, and all that is near it and left. */
import { describe, expect, test } from 'vitest';
import { USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import { wrapHandler } from '../../src/plan/responses/route-edit.js';
import { GRAPHQL, type PayloadHandler, REST } from '../../src/plan/responses/route-file.js';
import { stillWrapped, unwrapRoute } from '../../src/plan/responses/route-undo.js';
import { hunksOf } from '../../src/plan/text/hunks.js';

const PATH = 'src/app/(payload)/api/[...slug]/route.ts';
const IMPORT = "import { withResponseCache } from 'payload-kv/responses';";
const GRAPHQL_IMPORT = "import * as graphql from 'graphql';";
const wrap = (text: string, handler: PayloadHandler = REST, path = PATH) =>
  wrapHandler(text, path, handler, style);
const unchanged = (text: string) => ({ ok: true, modified: false, content: text });

/** Payload's templates. */
const REST_ROUTE = `/* THIS FILE WAS GENERATED AUTOMATICALLY BY PAYLOAD. */
/* DO NOT MODIFY IT BECAUSE IT COULD BE REWRITTEN AT ANY TIME. */
import config from '@payload-config'
import '@payloadcms/next/css'
import {
  REST_DELETE,
  REST_GET,
  REST_OPTIONS,
  REST_PATCH,
  REST_POST,
  REST_PUT,
} from '@payloadcms/next/routes'

export const GET = REST_GET(config)
export const POST = REST_POST(config)
export const DELETE = REST_DELETE(config)
export const PATCH = REST_PATCH(config)
export const PUT = REST_PUT(config)
export const OPTIONS = REST_OPTIONS(config)
`;
const GRAPHQL_ROUTE = `import config from '@payload-config'
import { GRAPHQL_POST, REST_OPTIONS } from '@payloadcms/next/routes'

export const POST = GRAPHQL_POST(config)

export const OPTIONS = REST_OPTIONS(config)
`;

const WRAPPED_REST = REST_ROUTE.replace(
  "} from '@payloadcms/next/routes'\n",
  `} from '@payloadcms/next/routes'\n${IMPORT.slice(0, -1)}\n`,
).replace('= REST_GET(config)', "= withResponseCache(REST_GET(config), { api: 'rest' })");
const WRAPPED_GRAPHQL = GRAPHQL_ROUTE.replace(
  "} from '@payloadcms/next/routes'\n",
  `} from '@payloadcms/next/routes'\n${GRAPHQL_IMPORT.slice(0, -1)}\n${IMPORT.slice(0, -1)}\n`,
).replace('= GRAPHQL_POST(config)', '= withResponseCache(GRAPHQL_POST(config), { graphql })');

describe.each([
  ['REST', REST, REST_ROUTE, WRAPPED_REST],
  ['GraphQL', GRAPHQL, GRAPHQL_ROUTE, WRAPPED_GRAPHQL],
])('%s', (_title, handler, before, after) => {
  test('its template is wrapped, in the hand of the file, and a second time nothing changes', () => {
    expect(wrap(before, handler)).toEqual({ ok: true, modified: true, content: after });
    expect(wrap(after, handler)).toEqual(unchanged(after));
  });

  test.each(['by its lines', 'without knowing them'])('it is taken out again %s, to the byte', (how) => {
    const hunks = hunksOf(before, after);
    if (how === 'by its lines') expect(unwrapRoute(after, PATH, hunks)).toBe(before);
    // The import of `graphql` may be somebody's: it stays where nothing tells whose it is.
    else if (handler === REST) expect(unwrapRoute(after, PATH, [])).toBe(before);
    else expect(unwrapRoute(after, PATH, []).replace(`${GRAPHQL_IMPORT.slice(0, -1)}\n`, '')).toBe(before);
  });

  test('with a policy of somebody, or written by a formatter, it is taken out as well', () => {
    const hunks = hunksOf(before, after);
    const own = after
      .replace("{ api: 'rest' }", "{\n  api: 'rest',\n  // ours\n  endpoints: ['/posts/popular'],\n}")
      .replace('{ graphql }', '{ graphql, maxBytes: 5 }');
    expect(own).not.toBe(after);
    expect(unwrapRoute(own, PATH, hunks)).toBe(before);
    const broken = after.replace(
      /withResponseCache\((\w+\(config\)), (.*)\)/,
      'withResponseCache(\n  $1,\n  $2,\n)',
    );
    expect(broken).not.toBe(after);
    expect(unwrapRoute(broken, PATH, hunks)).toBe(before);
  });
});

test('a route that has both is wrapped in both', () => {
  const both = `import config from '@payload-config';
import { GRAPHQL_POST, REST_GET } from '@payloadcms/next/routes';
export const GET = REST_GET(config);
export const POST = GRAPHQL_POST(config);
`;
  const first = wrap(both);
  const second = first.ok ? wrap(first.content, GRAPHQL) : first;
  expect(second).toEqual({
    ok: true,
    modified: true,
    content: `import config from '@payload-config';
import { GRAPHQL_POST, REST_GET } from '@payloadcms/next/routes';
${IMPORT}
${GRAPHQL_IMPORT}
export const GET = withResponseCache(REST_GET(config), { api: 'rest' });
export const POST = withResponseCache(GRAPHQL_POST(config), { graphql });
`,
  });
  expect(second.ok && unwrapRoute(second.content, PATH, hunksOf(both, second.content))).toBe(both);
});

const HEAD = "import config from '@payload-config';\nimport { REST_GET } from '@payloadcms/next/routes';\n";
const GET = 'export const GET = REST_GET(config);\n';
const WRAPPED = "export const GET = withResponseCache(REST_GET(config), { api: 'rest' });\n";

test.each<[form: string, text: string, expected: string]>([
  [
    'CRLF and double quotes',
    'import config from "@payload-config";\r\nimport { REST_GET } from "@payloadcms/next/routes";\r\n\r\nexport const GET = REST_GET(config);\r\n',
    'import config from "@payload-config";\r\nimport { REST_GET } from "@payloadcms/next/routes";\r\nimport { withResponseCache } from "payload-kv/responses";\r\n\r\nexport const GET = withResponseCache(REST_GET(config), { api: "rest" });\r\n',
  ],
  [
    'a byte order mark and comments',
    `\uFEFF// @ts-check\n${HEAD.trimEnd()} // eslint-disable-line\n\n/** reads */\nexport const GET = /* all */ REST_GET(/* the */ config); // end`,
    `\uFEFF// @ts-check\n${HEAD.trimEnd()} // eslint-disable-line\n${IMPORT}\n\n/** reads */\nexport const GET = /* all */ withResponseCache(REST_GET(/* the */ config), { api: 'rest' }); // end`,
  ],
  ['an import of it already', `${HEAD}${IMPORT}\n${GET}`, `${HEAD}${IMPORT}\n${WRAPPED}`],
  [
    'what comments and texts name',
    `${HEAD}// export const GET = REST_GET(config);\nconst text = 'withResponseCache REST_GET';\n${GET}`,
    `${HEAD}${IMPORT}\n// export const GET = REST_GET(config);\nconst text = 'withResponseCache REST_GET';\n${WRAPPED}`,
  ],
  ['statements on one line', `${HEAD.trimEnd()} ${GET}`, `${HEAD.trimEnd()}\n${IMPORT} ${WRAPPED}`],
  [
    'a handler of its own beside',
    `${HEAD}${GET}export const POST = async () => new Response('x');\nconst options = { GET: 1 };\n`,
    `${HEAD}${IMPORT}\n${WRAPPED}export const POST = async () => new Response('x');\nconst options = { GET: 1 };\n`,
  ],
])('%s stays as it is', (_form, text, expected) => {
  const result = wrap(text);
  expect(result).toEqual({ ok: true, modified: true, content: expected });
  expect(unwrapRoute(expected, PATH, hunksOf(text, expected))).toBe(text);
});

test('JavaScript is edited too', () => {
  expect(wrap(HEAD + GET, REST, 'app/(payload)/api/[...slug]/route.js')).toMatchObject({ modified: true });
});

test.each<[what: string, text: string]>([
  ['nothing of Payload', "export const GET = () => new Response('x');\n"],
  ['another handler', `${HEAD.replace('REST_GET', 'REST_POST')}export const POST = REST_POST(config);\n`],
  ['a comment that names it', `// REST_GET of @payloadcms/next/routes\nexport const GET = mine;\n`],
  ['what is wrapped', `${HEAD}${IMPORT}\nexport const GET = withResponseCache(REST_GET(config));\n`],
  [
    'what is wrapped under another name',
    `${HEAD}import { withResponseCache as kept } from 'payload-kv/responses';\nexport const GET = kept(log(REST_GET(config)), {});\n`,
  ],
  [
    'what is wrapped in another place',
    `${HEAD}${IMPORT}\nconst get = withResponseCache(REST_GET(config));\nexport { get as GET };\n`,
  ],
])('%s is nothing to do', (_what, text) => {
  expect(wrap(text)).toEqual(unchanged(text));
});

test.each<[what: string, text: string, line?: number]>([
  ['a function around it', `${HEAD}export const GET = withLogging(REST_GET(config));\n`, 3],
  [
    'an alias',
    `import { REST_GET as get } from '@payloadcms/next/routes';\nexport const GET = get(config);\n`,
  ],
  [
    'another function under its name',
    `import { REST_POST as REST_GET } from '@payloadcms/next/routes';\n${GET}`,
  ],
  ['one from elsewhere', `import { REST_GET } from './mine';\nimport '@payloadcms/next/routes';\n${GET}`],
  ['a type', `import type { REST_GET } from '@payloadcms/next/routes';\n${GET}`],
  ['a type among values', `import { type REST_GET, REST_PUT } from '@payloadcms/next/routes';\n${GET}`],
  [
    'a namespace',
    `import * as routes from '@payloadcms/next/routes';\nexport const GET = routes.REST_GET(config);\nvoid REST_GET;\n`,
  ],
  ['require', `const { REST_GET } = require('@payloadcms/next/routes');\n${GET}`],
  ['a re-export', `export { REST_GET as GET } from '@payloadcms/next/routes';\n`],
  ['an export apart', `${HEAD}const GET = REST_GET(config);\nexport { GET };\n`],
  ['a function', `${HEAD}export function GET(request) { return REST_GET(config)(request, {}); }\n`],
  ['an async arrow', `${HEAD}export const GET = async (...args) => REST_GET(config)(...args);\n`, 3],
  ['a variable that may change', `${HEAD}export let GET = REST_GET(config);\n`],
  ['several at once', `${HEAD}export const GET = REST_GET(config), runtime = 'nodejs';\n`],
  ['a type of its own', `${HEAD}export const GET: Handler = REST_GET(config);\n`],
  ['a cast', `${HEAD}export const GET = REST_GET(config) as Handler;\n`, 3],
  ['parentheses', `${HEAD}export const GET = (REST_GET(config));\n`, 3],
  ['a call that may not be', `${HEAD}export const GET = REST_GET?.(config);\n`, 3],
  ['type arguments', `${HEAD}export const GET = REST_GET<Site>(config);\n`, 3],
  ['a second argument', `${HEAD}export const GET = REST_GET(config, mine);\n`, 3],
  ['a config in place', `${HEAD}export const GET = REST_GET(build({}));\n`, 3],
  ['a spread', `${HEAD}export const GET = REST_GET(...configs);\n`, 3],
  ['no argument', `${HEAD}export const GET = REST_GET();\n`, 3],
  ['a condition', `${HEAD}export const GET = fast ? REST_GET(config) : mine;\n`, 3],
  ['a list', `${HEAD}export const GET = (log(), REST_GET(config));\n`, 3],
  ['a tagged text', `${HEAD}export const GET = REST_GET\`config\`;\n`, 3],
  [
    'a template in a text',
    `${HEAD}const text = \`\n${GET}\`;\nexport const GET = mine;\nvoid REST_GET;\n`,
    6,
  ],
  ['a shadow', `${HEAD}function make(REST_GET) { return REST_GET; }\n${GET}`, 3],
  ['a second export', `${HEAD}${GET}export { other as GET };\n`, 4],
  ['a module within', `${HEAD}declare module 'x' {\n  export const GET = REST_GET(config);\n}\n`],
  ['a declaration', `${HEAD}export declare const GET = REST_GET(config);\n`],
  ['a static answer', `${HEAD}export const dynamic = 'force-static';\n${GET}`, 3],
  ['a static answer by a cast', `${HEAD}export const dynamic = 'error' as const;\n${GET}`, 3],
  ['a name that is taken', `${HEAD}const withResponseCache = mine;\n${GET}`, 3],
  ['a name that is imported', `${HEAD}import { withResponseCache } from './mine';\n${GET}`, 3],
  ['the name as a type', `${HEAD}import type { withResponseCache } from 'payload-kv/responses';\n${GET}`, 3],
  ['what cannot be parsed', `${HEAD}${GET}export const = ;\n`, 4],
  ['what is not even exported', `${HEAD}REST_GET(config);\n`],
])('%s is left, with the lines to paste', (_what, text, line) => {
  const result = wrap(text);
  expect(result).toMatchObject({ ok: false, reason: expect.any(String) });
  expect(!result.ok && result.paste).toBe(`${IMPORT}\n\n${WRAPPED.trimEnd()}`);
  if (line !== undefined) expect(result).toMatchObject({ line });
});

test('a file that Next takes for no route is left', () => {
  expect(wrap(HEAD + GET, REST, 'src/lib/handlers.ts')).toMatchObject({ ok: false });
});

test.each<[what: string, text: string]>([
  ['a name that is taken', GRAPHQL_ROUTE.replace('\nexport', '\nconst graphql = mine;\nexport')],
  ['a function of that name', `import { graphql } from 'graphql'\n${GRAPHQL_ROUTE}`],
  ['the playground', GRAPHQL_ROUTE.replace('POST = GRAPHQL_POST', 'GET = GRAPHQL_POST')],
])('GraphQL with %s is left', (_what, text) => {
  expect(wrap(text, GRAPHQL)).toMatchObject({
    ok: false,
    paste: expect.stringContaining(
      'export const POST = withResponseCache(GRAPHQL_POST(config), { graphql })',
    ),
  });
});

test('an import of `graphql` that was there is used, and stays', () => {
  const before = `${GRAPHQL_IMPORT}\nconsole.log(graphql)\n${GRAPHQL_ROUTE}`;
  const result = wrap(before, GRAPHQL);
  expect(result.ok && result.content.split('* as graphql')).toHaveLength(2);
  expect(result.ok && unwrapRoute(result.content, PATH, hunksOf(before, result.content))).toBe(before);
});

test('what somebody has put around it, or uses elsewhere, is not taken out by a guess', () => {
  const hunks = hunksOf(REST_ROUTE, WRAPPED_REST);
  const around = WRAPPED_REST.replace('= withResponseCache', '= log(withResponseCache').replace(
    "'rest' })",
    "'rest' }))",
  );
  expect(unwrapRoute(around, PATH, hunks)).toBe(around);
  expect(stillWrapped(around, PATH)).toMatchObject({
    line: 15,
    by: 'remove',
    paste: expect.stringContaining('log(withResponseCache'),
  });
  const commented = WRAPPED_REST.replace('withResponseCache(REST', 'withResponseCache(\n  // ours\n  REST');
  expect(unwrapRoute(commented, PATH, hunks)).toBe(commented);
  // Another handler needs the import.
  const other = `${WRAPPED_REST}export const HEAD = withResponseCache(mine)\n`;
  expect(unwrapRoute(other, PATH, hunks)).toBe(
    other.replace("withResponseCache(REST_GET(config), { api: 'rest' })", 'REST_GET(config)'),
  );
  expect(stillWrapped(WRAPPED_REST, 'src/lib/handlers.ts')).toBeUndefined();
});

test('an import that somebody has added to loses our name alone', () => {
  const named = (names: string) =>
    WRAPPED_REST.replace('{ withResponseCache }', names).replace(
      "{ api: 'rest' }",
      "{ api: 'rest', ttl: 5 }",
    );
  const left = (names: string) =>
    REST_ROUTE.replace("routes'\n", `routes'\nimport ${names} from 'payload-kv/responses'\n`);
  const others = unwrapRoute(named('{ keyOf, withResponseCache }'), PATH, []);
  expect(others).toBe(left('{ keyOf }'));
  // Of which nothing tells what is to become of it.
  const both = unwrapRoute(named('all, { withResponseCache }'), PATH, []);
  expect(both).toBe(left('all, { withResponseCache }'));
});
