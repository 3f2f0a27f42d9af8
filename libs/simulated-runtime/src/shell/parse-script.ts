/** A word of a script: quoting has been undone except for what expansion still needs to know. */
export interface Word {
  /** Pieces in order; `expand` says whether `$NAME` in it stands for a variable. */
  readonly pieces: readonly { readonly text: string; readonly expand: boolean }[];
}

export interface SimpleCommand {
  readonly words: readonly Word[];
  readonly redirect?: { readonly append: boolean; readonly target: Word };
}

/** A statement and how it depends on the one before: `;`, `&&` or `||`. */
export interface Statement {
  readonly after: ';' | '&&' | '||';
  readonly body: SimpleCommand | { readonly loop: readonly Statement[] };
}

type Token = Word | { readonly operator: string };

const OPERATORS = ['&&', '||', '>>', '>', ';', '\n'];
/** Syntax of a real shell that the simulated one does not have. */
const UNSUPPORTED = new Set(['|', '&', '<', '`', '(', ')']);

const isWord = (token: Token | undefined): token is Word => token !== undefined && 'pieces' in token;
const isOperator = (token: Token | undefined, ...names: string[]): boolean => token !== undefined && 'operator' in token && names.includes(token.operator);

/** The word as written, when nothing in it was quoted: what reserved words are recognised by. */
function bare(token: Token | undefined): string | undefined {
  if (!isWord(token) || token.pieces.length !== 1) return undefined;
  return token.pieces[0]?.text;
}

function readQuoted(script: string, at: number): { text: string; expand: boolean; end: number } | undefined {
  const quote = script[at];
  let text = '';
  for (let i = at + 1; i < script.length; i++) {
    const char = script[i] ?? '';
    if (char === quote) return { text, expand: quote === '"', end: i + 1 };
    if (quote === '"' && char === '\\' && '"\\$`'.includes(script[i + 1] ?? 'x')) text += script[++i] ?? '';
    else text += char;
  }
  return undefined;
}

function tokenize(script: string): Token[] | undefined {
  const tokens: Token[] = [];
  let pieces: { text: string; expand: boolean }[] = [];
  const flush = (): void => {
    if (pieces.length > 0) tokens.push({ pieces });
    pieces = [];
  };
  const add = (text: string, expand: boolean): void => {
    const last = pieces.at(-1);
    if (last?.expand === expand && expand) last.text += text;
    else pieces.push({ text, expand });
  };
  for (let i = 0; i < script.length; ) {
    const char = script[i] ?? '';
    const operator = OPERATORS.find((candidate) => script.startsWith(candidate, i));
    if (operator !== undefined) {
      flush();
      tokens.push({ operator: operator === '\n' ? ';' : operator });
      i += operator.length;
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(script, i);
      if (!quoted) return undefined;
      pieces.push({ text: quoted.text, expand: quoted.expand });
      i = quoted.end;
    } else if (char === '\\') {
      pieces.push({ text: script[i + 1] ?? '', expand: false });
      i += 2;
    } else if (/\s/.test(char)) {
      flush();
      i++;
    } else if (char === '#' && pieces.length === 0) {
      while (i < script.length && script[i] !== '\n') i++;
    } else if (UNSUPPORTED.has(char) || (char === '$' && script[i + 1] === '(')) {
      return undefined;
    } else {
      add(char, true);
      i++;
    }
  }
  flush();
  return tokens;
}

/** Reads statements up to one of the closing words; undefined when the script needs a real shell. */
class Parser {
  #at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get done(): boolean {
    return this.#at >= this.tokens.length;
  }

  list(closing?: string): Statement[] | undefined {
    const statements: Statement[] = [];
    let after: Statement['after'] = ';';
    while (!this.done) {
      const token = this.tokens[this.#at];
      if (isOperator(token, ';')) {
        this.#at++;
      } else if (closing !== undefined && bare(token) === closing) {
        this.#at++;
        return statements;
      } else {
        const body = bare(token) === 'while' ? this.loop() : this.command();
        if (!body) return undefined;
        statements.push({ after, body });
        const next = this.tokens[this.#at];
        if (isOperator(next, '&&', '||') && next && 'operator' in next) {
          after = next.operator as '&&' | '||';
          this.#at++;
          continue;
        }
      }
      after = ';';
    }
    return closing === undefined ? statements : undefined;
  }

  /** Only `while true; do …; done` and `while :; do …; done`: the loop that keeps examples alive. */
  private loop(): Statement['body'] | undefined {
    const condition = bare(this.tokens[this.#at + 1]);
    if (condition !== 'true' && condition !== ':') return undefined;
    this.#at += 2;
    while (isOperator(this.tokens[this.#at], ';')) this.#at++;
    if (bare(this.tokens[this.#at]) !== 'do') return undefined;
    this.#at++;
    const body = this.list('done');
    return body && body.length > 0 ? { loop: body } : undefined;
  }

  private command(): SimpleCommand | undefined {
    const words: Word[] = [];
    let redirect: SimpleCommand['redirect'];
    for (let token = this.tokens[this.#at]; token && !isOperator(token, ';', '&&', '||'); token = this.tokens[this.#at]) {
      this.#at++;
      if (isWord(token)) {
        words.push(token);
        continue;
      }
      const target = this.tokens[this.#at++];
      if (!isWord(target) || redirect) return undefined;
      redirect = { append: isOperator(token, '>>'), target };
    }
    const first = bare(words[0]);
    if (first === undefined ? words.length === 0 : ['if', 'for', 'case', 'until', 'function', '{'].includes(first)) return undefined;
    return redirect ? { words, redirect } : { words };
  }
}

/**
 * Reads the small part of shell syntax the simulation has: words, quotes, `;`, newline, `&&`, `||`, `>`, `>>`,
 * `while true; do …; done`. Undefined means that only a real shell could say what the script does.
 */
export function parseScript(script: string): readonly Statement[] | undefined {
  const tokens = tokenize(script);
  if (!tokens) return undefined;
  const parser = new Parser(tokens);
  const statements = parser.list();
  return parser.done ? statements : undefined;
}
