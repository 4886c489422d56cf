/** Keys written as texts: `'user:#{0.id}'` names a property of the first argument. */
import { PayloadKVError } from '../../errors.js';

/** A value that a template takes from the arguments. */
interface Placeholder {
  /** Which argument, counted from 0. */
  position: number;
  /** The properties that lead from it to the value. */
  path: readonly string[];
  /** Whether `undefined` is a value like any other. */
  isOptional: boolean;
}

/** Texts and values in their order. They stay apart in the key: no value can pass for another, or for a text. */
export type Template = readonly (string | Placeholder)[];

/** Stands in a key for what could not be told. It has no canonical form, so that nothing is found or kept under it. */
export const UNKNOWN = Symbol('not to be told');

/** What is known of a method where its template is read. */
export interface Parameters {
  /** Its parameters' names, in their order: minifiers rename those in the code. */
  names: readonly string[];
  /** How many it has, where that can be told. */
  count: number | undefined;
}

const POSITION = /^(0|[1-9]\d*)$/;
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * Reads a template.
 *
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` for what can never be resolved
 */
export function parseTemplate(text: string, parameters: Parameters): Template {
  const refuse = (what: string, nextStep?: string): never => {
    throw invalidKey(`The key '${text}' ${what}.`, nextStep);
  };
  // The text of a template literal without its backticks: it would be the key of every call.
  if (text.includes('${'))
    refuse("has '${', which names no argument", "Write '#{0}', or a function: ([id]) => ['user', id].");
  const parts: (string | Placeholder)[] = [];
  let rest = text;
  for (let begin = rest.indexOf('#{'); begin >= 0; begin = rest.indexOf('#{')) {
    const end = rest.indexOf('}', begin);
    if (end < 0) refuse("has '#{' and no '}' after it");
    if (begin > 0) parts.push(rest.slice(0, begin));
    parts.push(placeholder(rest.slice(begin + 2, end), parameters, refuse));
    rest = rest.slice(end + 1);
  }
  if (rest !== '' || parts.length === 0) parts.push(rest);
  return parts;
}

function placeholder(
  text: string,
  { names, count }: Parameters,
  refuse: (what: string, nextStep?: string) => never,
): Placeholder {
  const isOptional = text.endsWith('?');
  const [first = '', ...path] = (isOptional ? text.slice(0, -1) : text).split('.');
  if (!POSITION.test(first) && !NAME.test(first))
    refuse(`has '#{${text}}', which is no position and no name`);
  for (const step of path) {
    if (!POSITION.test(step) && !NAME.test(step)) refuse(`has '#{${text}}', in which '${step}' is no name`);
    if (step in Object.prototype || step === 'prototype')
      refuse(`has '#{${text}}', and '${step}' is no property of a value`);
  }
  const position = POSITION.test(first) ? Number(first) : names.indexOf(first);
  if (position < 0)
    refuse(
      `has '#{${text}}', and no parameter is named '${first}'`,
      `Name the parameters, since minifiers rename them: params: ['${first}']. Or write its position: '#{0}'.`,
    );
  if (count !== undefined && position >= count)
    refuse(`has '#{${text}}', and the method has ${count === 1 ? 'one parameter' : `${count} parameters`}`);
  return { position, path, isOptional };
}

/** The key that a template comes to. {@link UNKNOWN} is in it where a value is not there. */
export function resolveTemplate(template: Template, args: readonly unknown[]): unknown[] {
  return template.map((part) => (typeof part === 'string' ? part : valueAt(part, args)));
}

function valueAt({ position, path, isOptional }: Placeholder, args: readonly unknown[]): unknown {
  let value = args[position];
  try {
    for (const step of path)
      value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
  } catch {
    // A getter of the site's own may throw anything. The method will meet it too.
    return UNKNOWN;
  }
  // A name that was mistyped: all calls would share a result.
  return value === undefined && !isOptional ? UNKNOWN : value;
}

/**
 * How many parameters a method has, where its text tells: `length` leaves out those with a default, those after them, and
 * a rest.
 */
export function countOfParameters(method: (...args: any[]) => unknown): number | undefined {
  const text = Function.prototype.toString.call(method);
  const isPlain = /^(?:async\s+)?(?:function\b\s*)?[\w$#]*\s*\([\w$\s,]*\)\s*\{/.test(text);
  return isPlain && !/\barguments\b|\[native code\]/.test(text) ? method.length : undefined;
}

/** Whether a text is what a parameter can be named. */
export const isName = (text: unknown): text is string => typeof text === 'string' && NAME.test(text);

/** An error in what a key is made of. */
export function invalidKey(message: string, nextStep = "Write for example 'user:#{0.id}'."): PayloadKVError {
  return new PayloadKVError({ code: 'INVALID_FUNCTION_KEY', message, nextStep });
}
