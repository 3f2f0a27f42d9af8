// Health checks of containers: exits 0 when a URL answers 2xx.
//   node tools/healthy.mjs https://127.0.0.1:6443/readyz
import { request as http } from 'node:http';
import { request as https } from 'node:https';

const [url] = process.argv.slice(2);
if (!url) {
  console.error('usage: node tools/healthy.mjs URL');
  process.exit(2);
}
const request = url.startsWith('https:') ? https : http;
// It is this container's own server, on loopback: what is asked is whether it is well, not who it is.
request(url, { rejectUnauthorized: false, timeout: 4_000 }, (response) => {
  response.resume();
  if (response.statusCode >= 200 && response.statusCode < 300) process.exit(0);
  console.error(`${url} answers ${response.statusCode}`);
  process.exit(1);
})
  .on('timeout', () => process.exit(1))
  .on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  })
  .end();
