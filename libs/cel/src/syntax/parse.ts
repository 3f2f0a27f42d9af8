import type { CallExpr, Expr, ListExpr, Literal, MapExpr, StructExpr } from './expr';
import { tokensOf, type Token } from './lexer';
import { expandMacro } from './macros';
import { CompileError } from './source-error';

/** Deeper nesting is refused, as upstream's parser refuses it. */
const MAX_DEPTH = 250;

const RESERVED = new Set([
  'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while', 'in',
]);

/** Operators by how tightly they bind, the loosest first. */
const LEVELS: readonly (readonly string[])[] = [['||'], ['&&'], ['==', '!=', '<', '<=', '>', '>=', 'in'], ['+', '-'], ['*', '/', '%']];

/** Parses an expression of CEL with optional syntax and quoted fields. @throws CompileError */
export function parse(source: string): Expr {
  return new Parser(source).whole();
}

class Parser {
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;

  constructor(private readonly source: string) {
    this.tokens = tokensOf(source);
  }

  whole(): Expr {
    const expr = this.expression();
    if (this.token.kind !== 'end') throw this.unexpected();
    return expr;
  }

  private get token(): Token {
    return this.tokens[this.position] ?? { kind: 'end', at: this.source.length, text: '<EOF>' };
  }

  private next(): Token {
    const { token } = this;
    this.position++;
    return token;
  }

  private is(text: string): boolean {
    const { token } = this;
    return (token.kind === 'operator' || (token.kind === 'ident' && !token.quoted)) && token.text === text;
  }

  private take(text: string): Token | undefined {
    return this.is(text) ? this.next() : undefined;
  }

  private expect(text: string): Token {
    const found = this.take(text);
    if (!found) throw this.unexpected(`'${text}'`);
    return found;
  }

  private error(at: number, message: string): CompileError {
    return new CompileError(this.source, [{ at, message }]);
  }

  private unexpected(wanted?: string): CompileError {
    const { at, text } = this.token;
    return this.error(at, wanted === undefined ? `Syntax error: mismatched input '${text}' expecting <EOF>` : `Syntax error: mismatched input '${text}' expecting ${wanted}`);
  }

  private expression(): Expr {
    if (++this.depth > MAX_DEPTH) throw this.error(this.token.at, `expression recursion limit exceeded: ${MAX_DEPTH}`);
    const condition = this.binary(0);
    const question = this.take('?');
    let expr = condition;
    if (question) {
      const yes = this.binary(0);
      this.expect(':');
      const no = this.expression();
      expr = { kind: 'call', at: question.at, name: '_?_:_', target: undefined, args: [condition, yes, no] };
    }
    this.depth--;
    return expr;
  }

  private binary(level: number): Expr {
    const operators = LEVELS[level];
    if (!operators) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const found = operators.find((operator) => this.is(operator));
      if (found === undefined) return left;
      const { at } = this.next();
      const right = this.binary(level + 1);
      left = { kind: 'call', at, name: found === 'in' ? '@in' : `_${found}_`, target: undefined, args: [left, right] };
    }
  }

  private unary(): Expr {
    const bang = this.take('!');
    if (bang) return { kind: 'call', at: bang.at, name: '!_', target: undefined, args: [this.nested()] };
    const minus = this.take('-');
    if (!minus) return this.member();
    const { token } = this;
    if (token.kind === 'literal' && (token.literal.type === 'int' || token.literal.type === 'double') && token.at === minus.at + 1) {
      this.next();
      return this.suffixes({ kind: 'const', at: minus.at, literal: negated(token.literal) });
    }
    return { kind: 'call', at: minus.at, name: '-_', target: undefined, args: [this.nested()] };
  }

  private nested(): Expr {
    if (++this.depth > MAX_DEPTH) throw this.error(this.token.at, `expression recursion limit exceeded: ${MAX_DEPTH}`);
    const expr = this.unary();
    this.depth--;
    return expr;
  }

  private member(): Expr {
    return this.suffixes(this.primary());
  }

  private suffixes(start: Expr): Expr {
    let expr = start;
    for (;;) {
      const dot = this.take('.');
      if (dot) {
        expr = this.selection(expr, dot.at);
        continue;
      }
      const bracket = this.take('[');
      if (bracket) {
        const optional = this.take('?') !== undefined;
        const index = this.expression();
        this.expect(']');
        expr = { kind: 'call', at: bracket.at, name: optional ? '_[?_]' : '_[_]', target: undefined, args: [expr, index] };
        continue;
      }
      const brace = this.is('{') ? typeNameOf(expr) : undefined;
      if (brace === undefined) return expr;
      expr = this.struct(brace);
    }
  }

  private selection(operand: Expr, at: number): Expr {
    const optional = this.take('?') !== undefined;
    const name = this.next();
    // Of all words that cannot be names only this one is an operator: the others are names of fields.
    if (name.kind !== 'ident' || (name.text === 'in' && !name.quoted)) {
      this.position--;
      throw this.unexpected('IDENTIFIER');
    }
    const field = name.quoted ? name.text.slice(1, -1) : name.text;
    const open = !optional && !name.quoted ? this.take('(') : undefined;
    if (!open) return { kind: 'select', at, operand, field, test: false, optional };
    return this.call({ kind: 'call', at: open.at, name: field, target: operand, args: this.list(')', () => this.expression()) });
  }

  private primary(): Expr {
    const { token } = this;
    if (token.kind === 'literal') {
      this.next();
      if (token.literal.type === 'int' && token.literal.value >= 2n ** 63n) throw this.error(token.at, 'invalid int literal');
      return { kind: 'const', at: token.at, literal: token.literal };
    }
    if (this.take('(')) {
      const expr = this.expression();
      this.expect(')');
      return expr;
    }
    const list = this.take('[');
    if (list) return this.listLiteral(list.at);
    const map = this.take('{');
    if (map) return this.mapLiteral(map.at);
    const leading = this.take('.') !== undefined;
    return this.name(leading);
  }

  private name(leading: boolean): Expr {
    const token = this.next();
    if (token.kind !== 'ident' || token.quoted) {
      this.position--;
      throw this.unexpected(`{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}`);
    }
    if (RESERVED.has(token.text)) throw this.error(token.at, `Syntax error: reserved identifier: ${token.text}`);
    const name = leading ? `.${token.text}` : token.text;
    const open = this.take('(');
    if (!open) return { kind: 'ident', at: token.at, name };
    return this.call({ kind: 'call', at: open.at, name, target: undefined, args: this.list(')', () => this.expression()) });
  }

  private call(call: CallExpr): Expr {
    return expandMacro(call, (at, message) => this.error(at, message));
  }

  /** What stands between here and a closing bracket, with commas; one more comma at the end is allowed in literals. */
  private list<T>(close: string, item: () => T, trailing = false): T[] {
    const items: T[] = [];
    while (!this.is(close)) {
      if (items.length > 0) {
        this.expect(',');
        if (trailing && this.is(close)) break;
      }
      items.push(item());
    }
    this.expect(close);
    return items;
  }

  private listLiteral(at: number): ListExpr {
    return { kind: 'list', at, elements: this.list(']', () => ({ optional: this.take('?') !== undefined, value: this.expression() }), true) };
  }

  private mapLiteral(at: number): MapExpr {
    const entries = this.list('}', () => {
      const optional = this.take('?') !== undefined;
      const key = this.expression();
      const colon = this.expect(':');
      return { at: colon.at, optional, key, value: this.expression() };
    }, true);
    return { kind: 'map', at, entries };
  }

  private struct(typeName: string): StructExpr {
    const { at } = this.expect('{');
    const fields = this.list('}', () => {
      const optional = this.take('?') !== undefined;
      const name = this.next();
      if (name.kind !== 'ident') {
        this.position--;
        throw this.unexpected('IDENTIFIER');
      }
      const colon = this.expect(':');
      return { at: colon.at, optional, name: name.quoted ? name.text.slice(1, -1) : name.text, value: this.expression() };
    }, true);
    return { kind: 'struct', at, typeName, fields };
  }
}

function negated(literal: Extract<Literal, { type: 'double' | 'int' | 'uint' }>): Literal {
  return literal.type === 'double' ? { type: 'double', value: -literal.value } : { type: literal.type, value: -literal.value };
}

/** `a.b.c` as the name of a type. */
function typeNameOf(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.optional || expr.test) return undefined;
  const head = typeNameOf(expr.operand);
  return head === undefined ? undefined : `${head}.${expr.field}`;
}
