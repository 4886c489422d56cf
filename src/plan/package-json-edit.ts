import type { Node } from 'jsonc-parser';
import type { TransformResult } from './plan.js';
import { addItem, jsonStyle, memberValue, parseJson } from './text/json-edit.js';
import { applyEdits } from './text/splice.js';
import { removeMember } from './text/splice-out.js';

/** Scripts that `init` adds: with `--exact` where the schema is Payload's own word, or they would find drift. */
export function scriptsOf(exact: boolean): Readonly<Record<string, string>> {
  const flag = exact ? ' --exact' : '';
  return { 'payload-kv:sync': `payload-kv sync${flag}`, 'payload-kv:doctor': `payload-kv doctor${flag}` };
}

/** The sections that a package is installed for. */
const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies'];
const sections = [...DEPENDENCIES, 'peerDependencies'];

/**
 * `package.json` with the dependency, those it needs here, and the scripts; what is there already stays, and a version
 * that the project forces upon a dependency is the one that is named.
 */
export function editPackageJson(
  text: string,
  version: string,
  others: Readonly<Record<string, string>> = {},
  scripts = scriptsOf(false),
): TransformResult {
  const dependencies = Object.entries({ 'payload-kv': version, ...others });
  const paste = `"dependencies": { ${dependencies.map(([name, range]) => `"${name}": "${range}"`).join(', ')} }`;
  let content = text;
  const add = (section: string, name: string, value: string): TransformResult | undefined => {
    const parsed = parseJson(content);
    if (!('root' in parsed))
      return {
        ok: false,
        reason: `package.json cannot be edited: ${parsed.reason}.`,
        line: parsed.line,
        paste,
      };
    const { root } = parsed;
    const style = jsonStyle(content, root);
    const line = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
    const object = memberValue(root, section);
    if (!object) {
      const member = `"${section}": {\n${style.indent}${line}\n}`;
      content = applyEdits(content, addItem(content, root, member, style));
    } else if (object.type === 'object') {
      const names = (object.children ?? []).map(({ children }) => String(children![0]!.value));
      const sorted =
        section === 'dependencies' && names.every((it, index) => index === 0 || names[index - 1]! < it);
      const before = sorted ? names.findIndex((it) => it > name) : -1;
      const place = before === -1 ? style : { ...style, before };
      content = applyEdits(content, addItem(content, object, line, place));
    }
    return undefined;
  };

  const parsed = parseJson(text);
  if (!('root' in parsed))
    return {
      ok: false,
      reason: `package.json cannot be edited: ${parsed.reason}.`,
      line: parsed.line,
      paste,
    };
  const present = (section: string, name: string) => {
    const object = memberValue(parsed.root, section);
    return object !== undefined && memberValue(object, name) !== undefined;
  };
  for (const [name, command] of Object.entries(scripts)) {
    if (present('scripts', name)) continue;
    const failure = add('scripts', name, command);
    if (failure) return failure;
  }
  const forced = forcedVersions(parsed.root);
  for (const [name, range] of dependencies) {
    if (sections.some((section) => present(section, name))) continue;
    const failure = add('dependencies', name, forced(name) ?? range);
    if (failure) return failure;
  }
  return { ok: true, content, modified: content !== text };
}

/**
 * The version that a project forces upon every dependency of a name. npm refuses to install where a dependency of the
 * project's own says anything else, and the other package managers install this one whatever it says.
 */
function forcedVersions(root: Node): (name: string) => string | undefined {
  const pnpm = memberValue(root, 'pnpm');
  const all = [
    memberValue(root, 'overrides'),
    memberValue(root, 'resolutions'),
    pnpm && memberValue(pnpm, 'overrides'),
  ];
  return (name) => {
    for (const overrides of all) {
      const found = overrides && memberValue(overrides, name);
      // npm keeps the version of the package itself beside those of its dependencies.
      const version = found?.type === 'object' ? memberValue(found, '.') : found;
      // What refers to the dependency says nothing without it, and `-` takes the package away.
      if (typeof version?.value === 'string' && !/^(\$|-$)/.test(version.value)) return version.value;
    }
    return undefined;
  };
}

/** `package.json` without these packages. */
export function withoutPackages(text: string, packages: readonly string[]): string {
  return withoutMembers(
    text,
    packages.flatMap((name) => DEPENDENCIES.map((section) => [section, name] as const)),
  );
}

/** `package.json` without the scripts that `init` adds, as far as nobody has changed them. */
export function withoutScripts(text: string): string {
  const scripts = [false, true].flatMap((exact) => Object.entries(scriptsOf(exact)));
  return withoutMembers(
    text,
    scripts.map(([name, command]) => ['scripts', name, command] as const),
  );
}

/** Whether a `package.json` names a package among its dependencies. */
export function dependsOn(text: string, name: string): boolean {
  const parsed = parseJson(text);
  if (!('root' in parsed)) return false;
  return DEPENDENCIES.some((section) => {
    const object = memberValue(parsed.root, section);
    return object !== undefined && memberValue(object, name) !== undefined;
  });
}

/** JSON without some members of its sections: those of a name, or of a name and a value. */
function withoutMembers(
  text: string,
  members: readonly (readonly [section: string, name: string, value?: string])[],
): string {
  let content = text;
  for (const [section, name, value] of members) {
    const parsed = parseJson(content);
    if (!('root' in parsed)) return content;
    const object = memberValue(parsed.root, section);
    const found = object && memberValue(object, name);
    if (!object || !found || (value !== undefined && found.value !== value)) continue;
    const isLast = object.children?.length === 1;
    const [list, child] = isLast ? [parsed.root, object.parent!] : [object, found.parent!];
    const spans = list.children!.map(({ offset, length }) => ({ start: offset, end: offset + length }));
    const span = { start: list.offset, end: list.offset + list.length, members: spans };
    content = removeMember(content, span, list.children!.indexOf(child));
  }
  return content;
}
