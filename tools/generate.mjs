// Regenerates all generated code: gRPC stubs and descriptors from proto/, API types and resource constants from libs/api/data/.
import { execFileSync } from 'node:child_process';

const run = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });
run('npx', 'buf', 'generate');
run(process.execPath, 'tools/pack-generated.mjs');
run('npx', 'buf', 'build', '--exclude-source-info', '--as-file-descriptor-set', '-o', 'libs/proto/descriptors.binpb');
run(process.execPath, 'tools/generate-api-types.mjs');
run(process.execPath, 'tools/generate-api-resources.mjs');
