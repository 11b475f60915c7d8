// Where the deployment files are, and how they are read.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parse, parseAllDocuments } from 'yaml';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const deploy = `${root}examples/deploy`;

export const text = (path) => readFileSync(`${root}${path}`, 'utf8');
export const yaml = (path) => parse(text(`examples/deploy/${path}`), { strict: true, uniqueKeys: true });
export const documents = (path) => parseAllDocuments(text(`examples/deploy/${path}`)).map((document) => document.toJS());
