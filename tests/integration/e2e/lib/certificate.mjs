// A self-signed certificate for a name and 127.0.0.1, made by the openssl program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { temporaryFolder } from './process.mjs';

/// {cert, key}: PEM files that are gone when this process ends.
export function makeCertificate(name = 'localhost') {
  const folder = temporaryFolder();
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const { status, stderr } = spawnSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`, '-keyout', files.key, '-out', files.cert,
  ], { encoding: 'utf8' });
  assert.equal(status, 0, `openssl req: ${stderr}`);
  return files;
}
