/** YAML files of package managers. */
import { parseDocument } from 'yaml';

/** What a YAML text holds, each scalar as the string that is written, or why it cannot be read. */
export function parseYaml(text: string): { data: Record<string, any> } | { problem: string } {
  try {
    // Without types: a version `3.10` is no number.
    const document = parseDocument(text, { schema: 'failsafe', merge: true, logLevel: 'silent' });
    const [error] = document.errors;
    if (error) return { problem: error.message.split('\n')[0]!.replace(/:$/, '') };
    return { data: Object(document.toJS()) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
