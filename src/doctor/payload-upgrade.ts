import path from 'node:path';
import type { PackageManager, Project } from '../inspect/project.js';

/** The version that older projects are told to go to: Payload and all its packages, D1's adapter too, have it. */
export const RECOMMENDED_PAYLOAD = '3.87.1';

/** How each package manager adds one version, as it stands. */
const ADD: Record<PackageManager, string> = {
  npm: 'npm install --save-exact',
  pnpm: 'pnpm add --save-exact',
  yarn: 'yarn add --exact',
  bun: 'bun add --exact',
};

type Asked = Pick<Project, 'root' | 'packageManager' | 'payloadVersion' | 'packageJson'>;

/** How to bring Payload and all of its packages to one version that is supported. */
export function upgradeStep({ root, packageManager, payloadVersion, packageJson }: Asked): string {
  const { through } = payloadVersion;
  const names = packagesOf(packageJson);
  if (through) {
    const what = names.length > 1 ? 'payload and every @payloadcms package' : 'payload';
    const where = through.kind === 'catalog' ? `in the catalog of ${through.file}` : `in ${through.file}`;
    return `Set ${what} to ${RECOMMENDED_PAYLOAD} ${where}, then run: ${packageManager} install`;
  }
  const away = path.relative(process.cwd(), root);
  const go = away === '' ? '' : `cd ${quoted(away)} && `;
  const add = names.map((name) => `${name}@${RECOMMENDED_PAYLOAD}`).join(' ');
  return `Run: ${go}${ADD[packageManager]} ${add}`;
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : JSON.stringify(text));

/** Payload and those of its packages that have the versions it has. */
function packagesOf(packageJson: Record<string, unknown>): string[] {
  const names = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap(
    (group) => Object.keys((packageJson[group] as object | undefined) ?? {}),
  );
  const others = names.filter((name) => /^@payloadcms\/(?!eslint-|figma)/.test(name));
  return ['payload', ...new Set(others)];
}
