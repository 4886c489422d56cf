/** Whether what answers a request was made with it, before anybody could watch what was read of it. */
import type { Type } from '@nestjs/common';
import { type ModuleRef, ModulesContainer, REQUEST } from '@nestjs/core';

/** What Nest knows of a provider, a controller, or what is around a controller's methods. */
interface Known {
  token: unknown;
  subtype?: unknown;
  getCtorMetadata(): readonly (Known | undefined)[] | undefined;
  getPropertiesMetadata(): readonly { wrapper: Known }[] | undefined;
  getEnhancersMetadata(): readonly Known[] | undefined;
}

/** These do not make an answer. */
const BESIDE: readonly unknown[] = ['guard', 'filter'];

const known = new WeakMap<ModulesContainer, WeakMap<Type, boolean>>();

/** Whether a controller, or something that it is given, injects `REQUEST`. */
export function isGivenRequest(controller: Type, modules: ModuleRef): boolean {
  const container = modules.get(ModulesContainer, { strict: false });
  const ofContainer = known.get(container) ?? new WeakMap<Type, boolean>();
  known.set(container, ofContainer);
  let isGiven = ofContainer.get(controller);
  if (isGiven === undefined) {
    isGiven = [...container.values()].some(({ controllers }) =>
      [...controllers.values()].some(
        (wrapper) => wrapper.metatype === controller && reaches(wrapper as Known, new Set()),
      ),
    );
    ofContainer.set(controller, isGiven);
  }
  return isGiven;
}

function reaches(each: Known, seen: Set<Known>): boolean {
  if (each.token === REQUEST) return true;
  if (seen.has(each) || BESIDE.includes(each.subtype)) return false;
  seen.add(each);
  const given = [
    ...(each.getCtorMetadata() ?? []),
    ...(each.getPropertiesMetadata() ?? []).map(({ wrapper }) => wrapper),
    ...(each.getEnhancersMetadata() ?? []),
  ];
  return given.some((other) => other !== undefined && reaches(other, seen));
}
