import { chosenForm, type Offer } from './document-type';

const offers: Offer<'json' | 'protobuf'>[] = [{ types: ['application/json'], form: 'json' }, { types: ['application/p@v1', 'application/p.v1'], form: 'protobuf' }];

it.each<[accept: string | undefined, form: 'json' | 'protobuf' | undefined]>([
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['application/*', 'json'],
  ['application/p@v1', 'protobuf'],
  ['application/p.v1', 'protobuf'],
  ['application/p.v1, application/json', 'protobuf'],
  ['application/p.v1;q=0.1, application/json', 'json'],
  ['text/html, application/json;q=0.5', 'json'],
  ['text/html', undefined],
  ['application/json;q=0', undefined],
])('%s takes %s', (accept, form) => {
  expect(chosenForm(accept, offers)).toBe(form);
});
