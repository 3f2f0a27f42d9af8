/** As upstream reads a boolean of a query: anything but an outspoken no is a yes, also nothing (`?follow`). Python's clients say `True`. */
export function parseBoolean(text: string): boolean;
export function parseBoolean(text: string | null): boolean | undefined;
export function parseBoolean(text: string | null): boolean | undefined {
  return text === null ? undefined : text !== '0' && text.toLowerCase() !== 'false';
}
