/** Which functions of a site's config can see the document that they are called for. */

/** What field hooks and access control are given beside the document. */
const BESIDE_DOCUMENT = new Set([
  'collection',
  'context',
  'currentDepth',
  'depth',
  'draft',
  'field',
  'findMany',
  'global',
  'id',
  'indexPath',
  'operation',
  'overrideAccess',
  'path',
  'req',
  'schemaPath',
  'showHiddenFields',
  'siblingFields',
  'value',
]);
/** Up to the first parameter of a function, a method or an arrow function. */
const BEFORE_PARAMETERS = /^(?:async\b\s*)?(?:function\b\s*)?[\w$]*\s*\(\s*/;

/** What tells that a function may take more than its parameters say, or that there is no text of it. */
const SEES_MORE = /\barguments\b|\beval\b|\[native code\]/;

/**
 * Whether a function may see the document. It cannot where it takes nothing, or takes by name what is not of the
 * document: its text tells. Of any other it is not known.
 */
export function maySeeDocument(called: unknown): boolean {
  if (typeof called !== 'function') return true;
  const text = Function.prototype.toString.call(called);
  const before = BEFORE_PARAMETERS.exec(text)?.[0];
  if (before === undefined || SEES_MORE.test(text)) return true;
  const parameters = text.slice(before.length);
  if (parameters.startsWith(')')) return false;
  const names = namesTaken(parameters);
  return !names?.every((name) => BESIDE_DOCUMENT.has(name));
}

/** The names that a sole parameter is taken apart into; `undefined` where it takes more than those. */
function namesTaken(parameters: string): string[] | undefined {
  // No defaults, no rest, no comments: plain names, also those inside of others.
  let pattern = /^\{([\w$\s,:{}]*)\}\s*,?\s*\)/.exec(parameters)?.[1];
  if (pattern === undefined) return undefined;
  // What is taken from inside of others goes with their names; what is left over was of more than one parameter.
  while (INNERMOST.test(pattern)) pattern = pattern.replace(INNERMOST, '');
  if (/[{}]/.test(pattern)) return undefined;
  const names = pattern.split(',').map((part) => part.replace(/:.*/s, '').trim());
  return names.filter((name) => name !== '');
}

const INNERMOST = /\{[^{}]*\}/;

/**
 * Whether access control lets users read a field of their own document and nobody else, as Payload does with sessions.
 * It is asked, and may look at nothing but ids.
 */
export function isForItsUserAlone(read: unknown): boolean {
  if (typeof read !== 'function') return false;
  let hasSeenMore = false;
  const sole = (values: Record<string, unknown>): object => {
    const notice = (): never => {
      hasSeenMore = true;
      throw new Error('not to be looked at');
    };
    return new Proxy(values, {
      get: (_values, name) => (Object.hasOwn(values, name) ? values[name as string] : notice()),
      has: notice,
      ownKeys: notice,
    });
  };
  const asks = (user: unknown, id: number): unknown => read(sole({ doc: sole({ id }), req: sole({ user }) }));
  try {
    const isAlone = asks(sole({ id: 1 }), 1) === true && !asks(sole({ id: 2 }), 1) && !asks(null, 1);
    return isAlone && !hasSeenMore;
  } catch {
    return false;
  }
}
