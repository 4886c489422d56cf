import { filesMentioning } from '../../inspect/importers.js';
import type { ts } from '../../inspect/typescript.js';
import { importsIn } from '../../inspect/written-imports.js';
import {
  GRAPHQL,
  namespaceImportOf,
  parseRoute,
  RESPONSES_MODULE,
  REST,
  staticAnswer,
  WRAPPER,
  wrappingCall,
} from '../../plan/responses/route-file.js';
import { readLedger } from '../../plan/schema/ledger.js';
import { lineAt } from '../../plan/text/splice.js';
import { type Check, counted, fail, ok, warn } from '../check.js';
import type { DoctorContext } from '../context.js';
import { ADD_PACKAGE } from '../installed-package.js';
import { blindMiddleware } from '../next-server.js';
import { namedEndpoints, ownEndpoints } from '../own-endpoints.js';

/** A file in which handlers are wrapped. */
interface WrappedFile {
  path: string;
  text: string;
  source: ts.SourceFile;
}

/** Handlers whose responses come from the cache. */
export const responses: Check = {
  id: 'responses',
  title: 'Responses',
  run(context) {
    const { project, command, findPackage } = context;
    const files = wrappedFiles(context);
    const lost = lostRoutes(context, files);
    const blindServers = serversWithoutHeaders(context);
    if (files.length === 0 && lost.length === 0 && blindServers.length === 0) return undefined;
    const { wired, plugins, config } = project.configShape;
    const [first] = files;
    if (first && wired.elements === 0 && !(wired.import && plugins.kind === 'other')) {
      return fail(`${first.path} answers from the cache, and ${config.path} does not use it`, {
        fix: `Run: ${command('payload-kv init')}; or take \`${WRAPPER}\` out again: ${command('payload-kv remove')}`,
      });
    }
    const built = files.flatMap(({ path, text, source }) => {
      const node = staticAnswer(source);
      return node ? [`${path}:${lineAt(text, node.getStart())}`] : [];
    });
    if (built.length > 0) {
      return fail(`Next answers ${built.join(', ')} by what it has built, and never asks the cache`, {
        fix: `Take \`dynamic\` out of it, or \`${WRAPPER}\`.`,
      });
    }
    const graphql = files.find(({ source }) => namespaceImportOf(source, 'graphql', 'graphql'));
    if (graphql && !findPackage('graphql')) {
      return fail(`${graphql.path} imports \`graphql\`, and it is not installed`, {
        fix: `Run: ${ADD_PACKAGE[project.packageManager]} graphql, in the version that Payload has.`,
      });
    }
    if (lost.length > 0) {
      return warn(
        `${lost.join(', ')} no longer answers from the cache, as init had it: something wrote it anew`,
        {
          fix: `Run: ${command('payload-kv init --responses')}; or, if it is to be so: ${command('payload-kv init --no-responses')}`,
        },
      );
    }
    const blind = files.find(({ source }) => {
      const call = wrappingCall(source, GRAPHQL);
      return call && !/\bgraphql\b/.test(call.arguments[1]?.getText() ?? '');
    });
    if (blind) {
      return warn(`${blind.path} wraps GraphQL without \`graphql\` in its policy: every POST is passed on`, {
        fix: `Write there: import * as graphql from 'graphql'; and ${WRAPPER}(${GRAPHQL.maker}(config), ${GRAPHQL.policy})`,
      });
    }
    if (blindServers.length > 0) {
      return warn(
        `${blindServers.join(', ')} puts \`expressCache\` in front of Next, and nothing that Next answers is kept: it copies all headers of a request`,
        {
          fix: "Write there: expressCache({ api: 'rest', headers: [] }), with the headers by which the site goes. See docs/responses.md.",
        },
      );
    }
    const passed = passedOn(context, files);
    const details = passed.map(
      (path) => `GET ${path}: \`endpoints\` of the policy may name it, if it only reads through Payload`,
    );
    const more = passed.length > 3 ? ', …' : '';
    return ok(
      `${counted(files.length, 'file')} ${files.length === 1 ? 'answers' : 'answer'} from the cache${passed.length > 0 ? `; passed on: ${passed.slice(0, 3).join(', ')}${more}` : ''}`,
      details,
    );
  },
};

/** Where a server of the site's own cannot keep what Next answers. */
function serversWithoutHeaders({ project }: DoctorContext): string[] {
  return Object.entries(filesMentioning(project.root, [RESPONSES_MODULE]))
    .flatMap(([path, text]) => {
      const call = blindMiddleware(text, path);
      return call ? [`${path}:${lineAt(text, call.getStart())}`] : [];
    })
    .sort();
}

function wrappedFiles({ project }: DoctorContext): WrappedFile[] {
  return Object.entries(filesMentioning(project.root, [RESPONSES_MODULE]))
    .filter(
      ([, text]) =>
        text.includes(WRAPPER) && importsIn(text).some(({ specifier }) => specifier === RESPONSES_MODULE),
    )
    .map(([path, text]) => ({ path, text, source: parseRoute(text, path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Routes that `init` has wrapped and that are not any more: Payload's templates may be written anew. */
function lostRoutes({ read, paths }: DoctorContext, files: readonly WrappedFile[]): string[] {
  const { edits = {} } = readLedger(read(paths.schema)) ?? {};
  return Object.keys(edits).filter(
    (path) =>
      edits[path]!.some(({ added }) => added.includes(RESPONSES_MODULE)) &&
      read(path) !== undefined &&
      !files.some((it) => it.path === path),
  );
}

/** The site's own endpoints that the REST route passes on. */
function passedOn(context: DoctorContext, files: readonly WrappedFile[]): string[] {
  const call = files.map(({ source }) => wrappingCall(source, REST)).find((it) => it !== undefined);
  const named = call && namedEndpoints(call);
  if (!named) return [];
  return ownEndpoints(context).filter(
    (path) =>
      !named.some((name) => (name.endsWith('/*') ? path.startsWith(name.slice(0, -1)) : path === name)),
  );
}
