import { Lexer } from 'yaml';
import { DecodeError } from './decode-error';

/** A node has a tag and an anchor, and so may the first key of the mapping that it is. */
const maxProperties = 4;

/**
 * Refuses YAML that is nested too deep, before the parser sees it: the parser calls itself for every level, so that a few kilobytes of
 * brackets would use up the stack, and it takes the square of the time for what has no end.
 * @throws DecodeError
 */
export function guardYaml(text: string, maxDepth: number): void {
  const levels = new Levels();
  for (const token of new Lexer().lex(text)) {
    levels.add(token);
    if (levels.depth > maxDepth) throw new DecodeError('exceeded max depth');
    if (levels.properties > maxProperties) throw new DecodeError('yaml: a node has too many tags and anchors');
  }
}

const scalarFollows = '\x1f';

/** Counts the levels that are open, token by token. */
class Levels {
  properties = 0;
  /** Where the open blocks stand: twice the column, and one more for a list, which may stand in the column of the key that holds it. */
  private readonly blocks: number[] = [];
  private brackets = 0;
  /** Keys and marks further along a line each open another level, though more than one key is an error. */
  private within = 0;
  private column = 0;
  /** Whether the line has only had spaces and the marks of list items so far. */
  private leading = true;
  private isScalar = false;

  get depth(): number {
    return this.blocks.length + this.brackets + this.within;
  }

  add(token: string): void {
    if (this.isScalar) {
      this.isScalar = false;
      this.node(token, false);
      return;
    }
    switch (token.charAt(0)) {
      case '\n':
      case '\r':
        this.column = 0;
        this.within = 0;
        this.leading = true;
        return;
      case ' ':
      case '\t':
        this.column += token.length;
        return;
      case '#':
      case '\x02':
      case '\ufeff':
        return;
      case scalarFollows:
        this.isScalar = true;
        return;
      case '!':
      case '&':
        this.properties++;
        this.column += token.length;
        return;
      default:
        this.structure(token);
    }
  }

  private structure(token: string): void {
    if (token === '[' || token === '{') this.brackets++;
    else if (token === ']' || token === '}') this.brackets = Math.max(0, this.brackets - 1);
    else if (token === ':' && this.brackets === 0) this.within++;
    this.node(token, token === '-' || token === '?');
  }

  private node(token: string, isItem: boolean): void {
    this.properties = 0;
    if (this.brackets === 0 && !this.leading && isItem) this.within++;
    if (this.brackets === 0 && this.leading) {
      const place = 2 * this.column + (isItem ? 1 : 0);
      while ((this.blocks.at(-1) ?? -1) >= place) this.blocks.pop();
      this.blocks.push(place);
      this.leading = isItem;
    }
    this.column += token.length;
  }
}
