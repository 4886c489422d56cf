/** The plugins of the config: those of Payload are evaluated, others are noted. */
import { choice, nullish, plain, primitive, type Value } from '../evaluate/value.js';
import { addsNothing, packageOf, withOfficialPlugin } from '../official-plugins.js';
import { PLUGIN_NOT_RUN } from '../unresolved.js';
import { note, noteCondition } from './notes.js';
import type { Reading } from './reading.js';
import { get } from './values.js';

/**
 * Runs those of Payload's own plugins over the config that change a schema. The others are noted when the function that
 * it gives is called: that is said after what is to be said of the collections.
 */
export function applyPlugins(reading: Reading): () => void {
  const notes: (() => void)[] = [];
  for (const element of pluginsIn(get(reading.given, 'plugins'))) {
    // Whether it is there or not is decided by a condition; what it may add is the same either way.
    const outcomes = (element.kind === 'choice' ? element.options : [element]).filter(
      (outcome) => outcome.kind !== 'primitive' && !isOwnPlugin(outcome),
    );
    let known = true;
    for (const outcome of outcomes) {
      if (outcome.kind === 'external') reading.pluginNodes.set(packageOf(outcome), element.node);
      const after = withOfficialPlugin(reading.evaluator, outcome, reading.config);
      if (after) reading.config = after;
      else known = false;
    }
    if (!known) {
      reading.pluginsNotRun = true;
      notes.push(() => note(reading, 'plugins', element.node, PLUGIN_NOT_RUN));
    } else if (element.kind === 'choice' && !outcomes.every(addsNothing)) {
      notes.push(() => noteCondition(reading, element, 'plugins'));
    }
  }
  return () => {
    for (const say of notes) say();
  };
}

/** The elements, of a condition those of both outcomes. */
function pluginsIn(value: Value): Value[] {
  if (value.kind === 'array') return value.items().flatMap(pluginsIn);
  if (value.kind === 'choice' && value.options.some(({ kind }) => kind === 'array')) {
    const maybe = (item: Value) => choice(item.node, [primitive(item.node, undefined), item]);
    return value.options.flatMap(pluginsIn).map(maybe);
  }
  return nullish(value) ? [] : [value];
}

/** Whether an element of `plugins` is this package's own: the wrapper of the project, or the package itself. */
function isOwnPlugin(item: Value): boolean {
  return item.kind === 'external' && item.packageName === 'payload-kv';
}

/** Where entities stand in the config: a plugin that adds a field makes an object of its own out of one. */
export function rememberPlaces(reading: Reading, of: 'collections' | 'globals'): void {
  for (const item of reading.evaluator.spreadItems(get(reading.given, of))) {
    for (const option of item.kind === 'choice' ? item.options : [item]) {
      const slug = option.kind === 'object' ? plain(get(option, 'slug')) : undefined;
      if (typeof slug === 'string' && !reading.ownNodes.has(`${of} ${slug}`))
        reading.ownNodes.set(`${of} ${slug}`, option.node);
    }
  }
}
