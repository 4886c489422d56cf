/** A wrapper that is being edited: one splice after the other, each in the text that the one before has left. */
import type { CodeStyle } from '../../inspect/code-style.js';
import type { Span } from '../../inspect/config-shape/shape.js';
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import type { WrapperShape } from '../../inspect/wrapper/shape.js';
import { valueIn, type WrittenValue } from '../../inspect/written-value.js';
import type { Refusal } from '../plan.js';
import { fileStyle } from '../text/file-style.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, type InsertionStyle, insertMember, type ListSpan, lineAt } from '../text/splice.js';
import { removeMember } from '../text/splice-out.js';
import { withImport, withoutImport } from './import-edit.js';

/** A wrapper that is being edited. */
export interface WrapperText {
  /** The file's own style. */
  style: CodeStyle;
  /** What could not be edited. */
  refusals: Refusal[];
  /** The text as it is by now. */
  current(): string;
  /** Where things stand by now. */
  shape(): WrapperShape | undefined;
  /** The code of a place. */
  textOf(at: Span): string;
  /** Code in the style of the file. */
  styled(code: string): string;
  replace(at: Span, code: string): void;
  insert(list: ListSpan, member: string, place?: Pick<InsertionStyle, 'before' | 'ownLine'>): void;
  remove(list: ListSpan, index: number): void;
  /** Sets an option whose value may be replaced, or adds it where `init` writes it; `false` where it's refused. */
  setOption(name: string, code: string, isReplaceable: (value: WrittenValue) => boolean): boolean;
  addImport(name: string, module: string): void;
  /** Takes a name out of the imports once nothing uses it. */
  dropImport(name: string): void;
  /** Leaves something to the person, with the code to paste. */
  refuse(reason: string, paste: string, at?: Span): void;
}

/** The options of `payloadKV` in the order in which `init` writes them. */
const ORDER = ['store', 'registry', 'pages', 'observe', 'ttl', 'collections', 'globals', 'hooks', 'schema'];

/** Begins to edit a wrapper. */
export function wrapperText(before: string, path: string, projectStyle: CodeStyle): WrapperText {
  const style = fileStyle(before, path, projectStyle);
  let text = before;
  const wrapper: WrapperText = {
    style,
    refusals: [],
    current: () => text,
    shape: () => readWrapper(text, path).shape,
    textOf: ({ start, end }) => text.slice(start, end),
    styled(code) {
      const wrapped = restyle(`(${code})`, { ...style, lineEnding: '\n' });
      return wrapped.slice(1, wrapped.lastIndexOf(')'));
    },
    replace({ start, end }, code) {
      text = text.slice(0, start) + code + text.slice(end);
    },
    insert(list, member, place) {
      const insertion = { ...style, trailingComma: style.trailingCommas, ...place };
      text = applyEdits(text, insertMember(text, list, member, insertion));
    },
    remove(list, index) {
      text = removeMember(text, list, index);
    },
    setOption,
    addImport(name, module) {
      text = withImport(text, path, { name, module }, style);
    },
    dropImport(name) {
      text = withoutImport(text, path, name);
    },
    refuse(reason, paste, at) {
      wrapper.refusals.push({ path, reason, paste, ...(at ? { line: lineAt(text, at.start) } : {}) });
    },
  };
  return wrapper;

  function setOption(name: string, code: string, isReplaceable: (value: WrittenValue) => boolean): boolean {
    const options = wrapper.shape()?.options;
    if (!options) return true;
    const written = wrapper.styled(code);
    const value = valueIn(options, name);
    if (value && !isReplaceable(value)) {
      wrapper.refuse(`\`${name}\` is not written as init writes it.`, `${name}: ${written},`, value);
      return false;
    }
    if (value) {
      if (wrapper.textOf(value) !== written) wrapper.replace(value, written);
      return true;
    }
    // Behind what it follows, so that a comment above the next one stays there.
    const { members } = options;
    const before = ORDER.slice(0, ORDER.indexOf(name));
    const after = members.findLastIndex((it) => before.includes(it.name ?? ''));
    const list = after === -1 ? options : { ...options, members: members.slice(0, after + 1) };
    wrapper.insert(list, `${name}: ${written}`, after === -1 && members.length > 0 ? { before: 0 } : {});
    return true;
  }
}
