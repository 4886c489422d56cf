import { ts } from '../../inspect/typescript.js';
import { wranglerTypesCommand } from '../../plan/wrangler/wrangler-types.js';
import { type Check, fail, ok, warn } from '../check.js';
import { kvStore } from '../kv-store.js';

/** The binding has one name: in the wrangler config, in the types and in the code. */
export const bindingNames: Check = {
  id: 'binding-names',
  title: "Binding's name",
  run(context) {
    const store = kvStore(context);
    if (!store) return undefined;
    const { project, wrapper, read, command } = context;
    const { wrangler, cloudflareEnvTypes } = project;
    const place = `${wrapper!.path}:${store.line}`;
    const { binding } = store;
    if (binding === undefined)
      return warn(`not checked: \`${store.expression}\` at ${place} does not write it out`);

    const declared = wrangler?.kvNamespaces.map((each) => each.binding) ?? [];
    if (declared.length > 0 && !declared.includes(binding)) {
      return fail(`${place} says ${binding}, ${wrangler!.path} says ${declared.join(', ')}`, {
        fix: `Write the same name in both, for example ${binding} in ${wrangler!.path}.`,
      });
    }
    const same = [...(declared.length > 0 ? [wrangler!.path] : []), wrapper!.path];
    if (!cloudflareEnvTypes)
      return ok(`${binding} in ${same.join(' and ')}; the project has no types of its bindings`);

    const text = read(cloudflareEnvTypes) ?? '';
    const type = typeOfMember(text, binding);
    if (type === undefined || !/\bKVNamespace\b/.test(type)) {
      const generate = wranglerTypesCommand(text);
      return fail(
        type === undefined
          ? `${place} says ${binding}, ${cloudflareEnvTypes} does not have it`
          : `${binding} is ${type} in ${cloudflareEnvTypes}, not a KVNamespace`,
        {
          fix: generate
            ? `Run: ${command(generate)}`
            : `Declare \`${binding}: KVNamespace\` in ${cloudflareEnvTypes}.`,
        },
      );
    }
    return ok(`${binding} in ${[...same, cloudflareEnvTypes].join(', ')}`);
  },
};

/** The type of a member of any interface in the file. */
function typeOfMember(text: string, name: string): string | undefined {
  const source = ts.createSourceFile('env.d.ts', text, ts.ScriptTarget.Latest, true);
  let found: string | undefined;
  visit(source);
  return found;

  function visit(node: ts.Node): void {
    // The runtime's own types, thousands of lines, are no bindings.
    if (found !== undefined || ts.isClassDeclaration(node)) return;
    if (
      ts.isPropertySignature(node) &&
      node.type &&
      node.name.getText(source).replace(/['"]/g, '') === name
    ) {
      found = node.type.getText(source);
      return;
    }
    ts.forEachChild(node, visit);
  }
}
