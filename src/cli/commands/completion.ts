/** Scripts that complete the command line in a shell, made of the very commands and options that commander parses. */
import type { Command, Option } from 'commander';
import { shellQuoted } from '../shell-quoted.js';

/** The shells that a script can be written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

/** What can stand behind an option or a command: words, a path, or something that only the person knows. */
type Value = readonly string[] | 'directory' | 'file' | 'anything';

interface CompletedOption {
  /** As typed, dashes included, e.g. `-y` and `--yes`. */
  flags: string[];
  description: string;
  /** Absent where the option takes none. */
  value?: Value;
}

interface CompletedCommand {
  name: string;
  description: string;
  options: CompletedOption[];
  /** What its argument can be. */
  argument: readonly string[];
}

/** The script that completes a program's command line, for `eval` or for a file that the shell reads at start. */
export function completionScript(program: Command, shell: Shell): string {
  const name = program.name();
  const options = optionsOf(program);
  const help = program.createHelp();
  const visible = help.visibleCommands(program);
  const commands = visible.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: optionsOf(command),
    argument:
      command.name() === 'help'
        ? visible.map((each) => each.name())
        : command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  }));
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](name, options, commands);
}

function optionsOf(command: Command): CompletedOption[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      description: option.description,
      ...(option.required || option.optional ? { value: valuesOf(option) } : {}),
    }));
}

function valuesOf(option: Option): Value {
  if (option.argChoices !== undefined) return option.argChoices;
  if (option.flags.endsWith('<dir>')) return 'directory';
  return option.flags.endsWith('<path>') ? 'file' : 'anything';
}

function variableOf(name: string): string {
  return name.replaceAll('-', '_');
}

// ---- bash, from the 3.2 of macOS on ---------------------------------------------------------------------------------

function bashScript(name: string, options: CompletedOption[], commands: CompletedCommand[]): string {
  const completed = {
    directory: 'paths=directory',
    file: 'paths=file',
    anything: 'return 0',
  };
  const flagsOf = (all: CompletedOption[]) => all.flatMap(({ flags }) => flags).join(' ');
  const values = commands.flatMap((command) =>
    command.options.flatMap(({ flags, value }) =>
      value === undefined
        ? []
        : [
            `    ${flags.map((flag) => `'${command.name} ${flag}'`).join('|')}) ${
              typeof value === 'string' ? completed[value] : `words='${value.join(' ')}'`
            } ;;`,
          ],
    ),
  );
  const ofCommands = commands.map(
    (command) =>
      `      ${command.name}) words='${command.argument.join(' ')}'; flags='${flagsOf(command.options)}' ;;`,
  );
  const complete = `_${variableOf(name)}`;
  return `# bash completion for ${name}
${complete}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" option="\${COMP_WORDS[COMP_CWORD-1]}"
  local command='' first=1 words='' flags='' paths='' line
  COMPREPLY=()
  if [[ "\${COMP_WORDS[0]##*/}" == npx ]]; then
    [[ "$COMP_CWORD" -gt 1 && "\${COMP_WORDS[1]}" == ${name} ]] || return 0
    first=2
  fi
  [[ "$COMP_CWORD" -gt "$first" ]] && command="\${COMP_WORDS[first]}"
  # bash takes the = of --option=value for a word of its own.
  if [[ "$current" == '=' ]]; then
    current=''
  elif [[ "$option" == '=' ]]; then
    option="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  case "$command $option" in
${values.join('\n')}
    *)
      case "$command" in
      '') words='${commands.map((command) => command.name).join(' ')}'; flags='${flagsOf(options)}' ;;
${ofCommands.join('\n')}
      esac
      [[ "$current" == -* ]] && words="$flags"
      [[ -z "$words" && -z "$current" ]] && words="$flags"
      ;;
  esac
  if [[ -z "$paths" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return 0
  fi
  compopt -o filenames 2>/dev/null
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -A "$paths" -- "$current")
}
complete -F ${complete} ${name}
complete -p npx >/dev/null 2>&1 || complete -o bashdefault -o default -F ${complete} npx
`;
}

// ---- zsh ------------------------------------------------------------------------------------------------------------

function zshScript(name: string, options: CompletedOption[], commands: CompletedCommand[]): string {
  const completed = { directory: '_files -/', file: '_files', anything: ' ' };
  const specsOf = (all: CompletedOption[]) =>
    all.flatMap(({ flags, description, value }) =>
      flags.map((flag) => {
        const others = value !== undefined ? '*' : flags.length > 1 ? `(${flags.join(' ')})` : '';
        const takesValue = value === undefined ? '' : flag.startsWith('--') ? '=' : '+';
        const action = typeof value === 'string' ? completed[value] : `(${value?.join(' ')})`;
        const rest = value === undefined ? '' : `:${flag.replace(/^-+/, '')}:${action}`;
        return shellQuoted(
          `${others}${flag}${takesValue}[${description.replace(/[[\]\\]/g, '\\$&')}]${rest}`,
        );
      }),
    );
  const call = (specs: string[]) => ['_arguments', ...specs].join(' \\\n        ');
  const cases = commands.map((command) => {
    const argument =
      command.argument.length > 0 ? [shellQuoted(`1:${command.name}:(${command.argument.join(' ')})`)] : [];
    return `    ${command.name})\n      ${call([...specsOf(command.options), ...argument])}\n      ;;`;
  });
  const complete = `_${variableOf(name)}`;
  return `#compdef ${name}
# zsh completion for ${name}
${complete}() {
  local -a commands
  commands=(
${commands.map((command) => `    ${shellQuoted(`${command.name}:${command.description.replace(/[:\\]/g, '\\$&')}`)}`).join('\n')}
  )
  if [[ "\${words[1]:t}" == npx ]]; then
    if (( CURRENT < 3 )) || [[ "\${words[2]}" != ${name} ]]; then
      _default
      return
    fi
    shift words
    (( CURRENT-- ))
  fi
  if (( CURRENT == 2 )); then
    if [[ "\${words[2]}" == -* ]]; then
      ${call(specsOf(options))}
    else
      _describe command commands
    fi
    return
  fi
  shift words
  (( CURRENT-- ))
  case "\${words[1]}" in
${cases.join('\n')}
  esac
}
if [[ "\${funcstack[1]}" == ${complete} ]]; then
  ${complete} "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
  compdef ${complete} ${name}
  (( \${+_comps[npx]} )) || compdef ${complete} npx
fi
`;
}

// ---- fish -----------------------------------------------------------------------------------------------------------

function fishScript(name: string, options: CompletedOption[], commands: CompletedCommand[]): string {
  const is = `__${variableOf(name)}_is`;
  const literal = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const completed = {
    directory: " -x -a '(__fish_complete_directories)'",
    file: ' -r -F',
    anything: ' -x',
  };
  const flagOf = (flag: string) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`);
  const valueFlags = (value?: Value) =>
    value === undefined
      ? ''
      : typeof value === 'string'
        ? completed[value]
        : ` -x -a ${literal(value.join(' '))}`;
  const optionLines = (condition: string, all: CompletedOption[]) =>
    all.map(
      ({ flags, description, value }) =>
        `-n ${literal(condition)} ${flags.map(flagOf).join(' ')}${valueFlags(value)} -d ${literal(description)}`,
    );
  const lines = [
    `-n ${is} -f`,
    ...optionLines(is, options),
    ...commands.flatMap((command) => [
      `-n ${is} -a ${command.name} -d ${literal(command.description)}`,
      ...(command.argument.length > 0
        ? [`-n ${literal(`${is} ${command.name}`)} -f -a ${literal(command.argument.join(' '))}`]
        : [`-n ${literal(`${is} ${command.name}`)} -f`]),
      ...optionLines(`${is} ${command.name}`, command.options),
    ]),
  ];
  return `# fish completion for ${name}
function ${is} -d 'Whether the command line is at the command that is named, or before any'
    set -l typed (commandline -opc)
    string match -qr '(^|/)npx$' -- $typed[1]; and set -e typed[1]
    string match -qr '(^|/)${name}$' -- $typed[1]; or return 1
    if test (count $argv) -eq 0
        test (count $typed) -eq 1
    else
        test (count $typed) -gt 1; and test $typed[2] = $argv[1]
    end
end
for program in ${name} npx
${lines.map((line) => `    complete -c $program ${line}`).join('\n')}
end
`;
}
