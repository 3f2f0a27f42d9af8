import { followRedirects, type Hop } from './redirects';

const first = new URL('https://a.example/x/y?timeout=5s');

async function chain(...answers: readonly (readonly [code: number, location?: string])[]): Promise<{ asked: string[]; code: number }> {
  const asked: string[] = [];
  let next = 0;
  const { code } = await followRedirects(first, ({ url, method, isAway }: Hop) => {
    asked.push(`${method} ${url.href}${isAway ? ' away' : ''}`);
    const [status, location] = answers[next++] ?? [200];
    return Promise.resolve({ code: status, location });
  });
  return { asked: asked.slice(1), code };
}

it.each<[code: number, method: string]>([[301, 'GET'], [302, 'GET'], [303, 'GET'], [307, 'POST'], [308, 'POST']])('goes on after a %i with a %s', async (code, method) => {
  expect(await chain([code, 'z'])).toEqual({ asked: [`${method} https://a.example/x/z`], code: 200 });
});

it.each<[reason: string, answer: [code: number, location?: string]]>([
  ['says not where to', [307]],
  ['says nothing of where to', [302, '']],
  ['is no redirect', [300, '/z']],
  ['is none any more', [304, '/z']],
  ['is one', [200, '/z']],
])('stays with an answer that %s', async (_reason, answer) => {
  expect(await chain(answer)).toEqual({ asked: [], code: answer[0] });
});

it('has no body again once it has lost it, and knows who is another', async () => {
  expect((await chain([303, '//b.example/'], [307, '/c'], [308, 'https://a.example/'])).asked).toEqual(['GET https://b.example/ away', 'GET https://b.example/c away', 'GET https://a.example/ away']);
  expect((await chain([307, 'https://a.example:8443/'])).asked).toEqual(['POST https://a.example:8443/ away']);
});

it('asks no more than ten times', async () => {
  const round = [307, '/'] as const;
  expect((await chain(...Array.from({ length: 9 }, () => round))).asked).toHaveLength(9);
  await expect(chain(...Array.from({ length: 10 }, () => round))).rejects.toThrow('stopped after 10 redirects');
});

it.each([['http://a.example/', 'unsupported protocol scheme "http"'], ['ftp://a.example/', 'unsupported protocol scheme "ftp"'], ['https://[/', 'failed to parse Location header "https://[/"']])('does not go to %s', async (location, why) => {
  await expect(chain([307, location])).rejects.toThrow(why);
});
