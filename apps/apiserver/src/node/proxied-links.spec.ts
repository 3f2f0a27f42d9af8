import fc from 'fast-check';
import { HtmlLinks } from './html-links';
import { rewriteLink } from './proxied-links';

const place = { hosts: ['10.1.2.3:80', 'api.example.com'], prefix: '/api/v1/namespaces/a/services/b/proxy' };

async function through(page: string, pieces: readonly number[] = []): Promise<string> {
  const links = new HtmlLinks(place);
  let from = 0;
  const bytes = Buffer.from(page);
  for (const to of [...pieces].sort((a, b) => a - b)) {
    links.write(bytes.subarray(from, Math.max(from, to)));
    from = Math.max(from, to);
  }
  links.end(bytes.subarray(from));
  let all = '';
  for await (const chunk of links) all += String(chunk);
  return all;
}

describe('a link of a proxied page', () => {
  it.each([
    ['/index.html', `${place.prefix}/index.html`, 'of the backend itself'],
    ['/dir/', `${place.prefix}/dir/`, 'keeps its last slash'],
    ['http://10.1.2.3:80/x?y=z#f', `${place.prefix}/x?y=z#f`, 'by the address of the backend'],
    ['//api.example.com/x', `${place.prefix}/x`, 'by the name the client used'],
    ['https://elsewhere.example.com/x', 'https://elsewhere.example.com/x', 'to another place'],
    ['//elsewhere.example.com/x', '//elsewhere.example.com/x', 'to another place, by the same scheme'],
    ['x.html', 'x.html', 'that is relative'],
    ['#top', '#top', 'in the page'],
    ['mailto:jane@example.com', 'mailto:jane@example.com', 'to no page'],
    [`${place.prefix}/done`, `${place.prefix}/done`, 'that knows of the proxy'],
    ['', '', 'to nothing'],
  ])('%j is %j: %s', (link, expected) => {
    expect(rewriteLink(link, place)).toBe(expected);
  });

  it('is found in its attribute, wherever the page is cut', async () => {
    const page = '<!DOCTYPE html><html><!-- <a href="/no"> --><body background=/b><a class="/c" href="/a?x=1&amp;y=2">é</a><img src=\'/i.png\'/><p href="/p">/t</p><script>"/s"</script><form action="/f"></form></body></html>';
    const expected = page.replace('background=/b', `background=${place.prefix}/b`).replace('href="/a?', `href="${place.prefix}/a?`).replace("'/i.png'", `'${place.prefix}/i.png'`).replace('action="/f"', `action="${place.prefix}/f"`);
    expect(await through(page)).toBe(expected);
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(page.length), { maxLength: 5 }), async (pieces) => {
      expect(await through(page, pieces)).toBe(expected);
    }), { numRuns: 50 });
  });

  it('is all that changes in whatever comes', async () => {
    const pieces = fc.constantFrom('<', '>', '<a ', 'href', '=', '"', "'", 'x', ' ', '</a>', '<!--', '-->', '<script>', '</script>', '<![CDATA[', ']]>', '&amp;', '<?', 'é');
    await fc.assert(fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (parts) => {
      expect(await through(parts.join(''))).toBe(parts.join(''));
    }), { numRuns: 200 });
  });
});
