import { selectedName } from './selected-name';

it.each([
  ['', ''],
  ['metadata.name=web', 'web'],
  ['metadata.name==web', 'web'],
  ['status.phase!=Failed,metadata.name=web', 'web'],
  ['metadata.name!=web', ''],
  ['spec.nodeName=n1', ''],
  ['metadata.name', ''],
  ['metadata.name=a=b', ''],
])('"%s" restricts a list to "%s"', (fieldSelector, name) => {
  expect(selectedName(fieldSelector)).toBe(name);
});
