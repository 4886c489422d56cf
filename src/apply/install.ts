import { execa } from 'execa';
import { PayloadKVError } from '../errors.js';
import type { PackageManager } from '../inspect/project.js';

/** The command that installs what `package.json` names. */
export function installCommand(packageManager: PackageManager): string {
  return `${packageManager} install`;
}

/** On CI these refuse to touch the lock file, which is just what is wanted. */
const LOCKED: Partial<Record<PackageManager, string[]>> = { pnpm: ['--no-frozen-lockfile'] };
/** What leaves no lock file. */
const UNLOCKED: Partial<Record<PackageManager, string[]>> = {
  npm: ['--no-package-lock'],
  pnpm: ['--no-lockfile'],
  bun: ['--no-save'],
};

/**
 * Installs what `package.json` names with the project's own package manager. Its output goes to standard error.
 * @param options.locked `false` where no lock file is to be left; Yarn has no one flag for it. Default `true`
 * @throws PayloadKVError `INSTALL_FAILED`; the written files stay
 */
export async function installDependencies(
  root: string,
  packageManager: PackageManager,
  { locked = true }: { locked?: boolean } = {},
): Promise<void> {
  const flags = (locked ? LOCKED : UNLOCKED)[packageManager] ?? [];
  try {
    await execa(packageManager, ['install', ...flags], {
      cwd: root,
      stdin: 'ignore',
      stdout: process.stderr,
      stderr: process.stderr,
      env: packageManager === 'yarn' ? { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' } : {},
    });
  } catch (cause) {
    const { code, exitCode } = cause as { code?: string; exitCode?: number };
    const why =
      code === 'ENOENT'
        ? `${packageManager} was not found`
        : `it ended with ${exitCode ?? code ?? 'an error'}`;
    throw new PayloadKVError({
      code: 'INSTALL_FAILED',
      message: `\`${installCommand(packageManager)}\` failed: ${why}. The files are written and stay.`,
      location: { file: 'package.json' },
      nextStep: `Run \`${installCommand(packageManager)}\` yourself; nothing else is missing.`,
      cause,
    });
  }
}
