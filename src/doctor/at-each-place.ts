/** What the checks of the deployed side have in common: they look at every environment that has the binding. */
import { PayloadKVError } from '../errors.js';
import type { DurableObjectBinding, WranglerConfig } from '../inspect/wrangler.js';
import type { RegistryReading } from '../inspect/wrapper/stores.js';
import { type CheckResult, type CheckStatus, fail, ok, warn } from './check.js';
import type { DoctorContext } from './context.js';
import { kvStore, namespaceOf, type Place, placesOf } from './kv-store.js';
import type { Remote, RemoteNamespace } from './remote.js';

/** What was found at one place. */
export interface Finding {
  status: CheckStatus;
  text: string;
  fix?: string;
  /** There is nothing yet to look at: that is a warning where it is so everywhere. */
  isAbsent?: true;
}

/** What the remote checks look at. */
export interface Target {
  remote: Remote;
  wrangler: WranglerConfig;
  /** Name of the binding; of the KV namespace where both are meant. */
  binding: string;
  /** Those that declare the binding, and are asked for. */
  places: Place[];
}

/** Which binding a check is about. */
export type Subject = 'kv' | 'durable object' | 'either';

/** The Durable Object registry that the wrapper names, if it names one. */
export function objectRegistry({ wrapper }: Pick<DoctorContext, 'wrapper'>): RegistryReading | undefined {
  return wrapper?.registries.find(({ factory }) => factory === 'durableObjectRegistry');
}

/** The Durable Objects of a binding at a place. */
export function objectsOf({ declared }: Place, binding: string): DurableObjectBinding | undefined {
  return declared.durableObjects.find(({ name }) => name === binding);
}

/**
 * What to look at; a result where it cannot be looked at; `undefined` where there is nothing of the kind, or nobody
 * asked for the deployed side.
 */
export function targetOf(context: DoctorContext, subject: Subject): Target | CheckResult | undefined {
  const { remote, project, wrapper } = context;
  const { wrangler } = project;
  const readings = [
    ...(subject === 'durable object' ? [] : [kvStore(context)]),
    ...(subject === 'kv' ? [] : [objectRegistry(context)]),
  ].filter((reading) => reading !== undefined);
  const [first] = readings;
  if (!remote || !first) return undefined;
  const bindings = readings.flatMap(({ binding }) => binding ?? []);
  const [binding] = bindings;
  if (binding === undefined) {
    return warn(`not checked: the binding of \`${first.expression}\` is not written out`, {
      fix: `Write its name as text at ${wrapper!.path}:${first.line}.`,
    });
  }
  if (!wrangler) return warn('not checked: there is no wrangler config that declares the binding');
  const isWanted = ({ env = '' }: Place) => remote.environments?.includes(env) ?? true;
  const places = placesOf(wrangler)
    .filter(isWanted)
    .filter((place) => bindings.some((name) => namespaceOf(place.declared, name) ?? objectsOf(place, name)));
  if (places.length === 0) {
    const where = remote.environments?.map((env) => (env ? `in env.${env}` : 'at the top level'));
    return warn(
      `not checked: ${wrangler.path} does not declare ${binding}${where ? ` ${where.join(' or ')}` : ''}`,
    );
  }
  return { remote, wrangler, binding, places };
}

/** Looks at each place to which the credentials reach; `otherwise` is how a request that fails is told. */
export async function atEachPlace(
  context: DoctorContext,
  subject: Subject,
  otherwise: 'warn' | 'fail',
  look: (place: Place, namespaces: RemoteNamespace[], target: Target) => Promise<Finding>,
): Promise<CheckResult | undefined> {
  const target = targetOf(context, subject);
  if (!target || 'status' in target) return target;
  const findings = await Promise.all(
    target.places.map(async (place) => {
      const namespaces = await target.remote.namespaces(place.env).catch(() => undefined);
      const finding = namespaces
        ? await look(place, namespaces, target).catch((error: unknown) => failed(error, otherwise))
        : ({ status: 'warn', text: 'not checked: there is no access to Cloudflare, see above' } as const);
      return { ...finding, where: place.where };
    }),
  );
  return resultOf(findings);
}

/** Said of a place whose Worker was never deployed. */
export const NEVER_DEPLOYED: Finding = {
  status: 'warn',
  text: 'never deployed',
  fix: 'Deploy the site, then run doctor again.',
  isAbsent: true,
};

/** What puts a binding right that the deployed Worker does not have as the config says. */
export function deployAgain(env: string | undefined): string {
  return `Deploy again${env ? ` (env.${env})` : ''}: the binding comes with the next deploy.`;
}

/** A request that failed, as a finding. */
export function failed(error: unknown, status: 'warn' | 'fail'): Finding {
  if (!(error instanceof PayloadKVError) || error.code === 'CANCELLED') throw error;
  const message = error.message.replace(/\.$/, '');
  return {
    status,
    text: status === 'warn' ? `not checked: ${message}` : message,
    ...(error.nextStep ? { fix: error.nextStep } : {}),
  };
}

/** One result of what was found at several places: the worst of it in the line, the rest below. */
export function resultOf(found: readonly (Finding & { where: string })[]): CheckResult {
  const isPartlyThere = found.some(({ isAbsent }) => !isAbsent);
  const findings = found.map((finding) =>
    finding.isAbsent && isPartlyThere ? { ...finding, status: 'ok' as const } : finding,
  );
  const worst = (['fail', 'warn', 'ok'] as const).find((status) =>
    findings.some((finding) => finding.status === status),
  )!;
  const foremost = findings.filter(({ status }) => status === worst);
  const isSame = foremost.length === findings.length && new Set(foremost.map(({ text }) => text)).size === 1;
  const said = ({ where, text }: Finding & { where: string }) =>
    findings.length === 1 ? text : `${where}: ${text}`;
  const summary = isSame ? foremost[0]!.text : foremost.map(said).join('; ');
  const details = findings.filter(({ status }) => status !== worst).map(said);
  const fixes = [...new Set(foremost.flatMap(({ fix }) => fix ?? []))].join('\n');
  if (worst === 'ok') return ok(summary, details);
  const more = { ...(details.length > 0 ? { details } : {}), ...(fixes ? { fix: fixes } : {}) };
  return worst === 'fail' ? fail(summary, { fix: '', ...more }) : warn(summary, more);
}
