/**
 * Payload stretches a password 600,000 times before it keeps it: as long as a whole test takes otherwise, for each user
 * that a test begins with. Stretched a few times it is as secret to a test, and a wrong one is as wrong.
 *
 * JavaScript, since Node loads it before anything that could compile it.
 */
import crypto from 'node:crypto';

const isQuick = Symbol.for('payload-kv.quick-passwords');

// Files that share a process come here once each.
if (!(isQuick in crypto)) {
  const { pbkdf2 } = crypto;
  Object.assign(crypto, {
    [isQuick]: true,
    pbkdf2: (password, salt, iterations, ...rest) =>
      pbkdf2(password, salt, Math.min(iterations, 10), ...rest),
  });
}
