// The contracts below docs/contracts, made by the built code, and whether they keep what was accepted there.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { build } from '../building.mjs';
import { Failure, root } from '../child-process.mjs';
import { writeFiles } from './files.mjs';

const FOLDER = 'docs/contracts';
const ACCEPTED = `${FOLDER}/accepted`;
const samples = pathToFileURL(join(root, 'shared-events/contracts/samples/'));

/**
 * Fails where others can no longer rely on what was accepted.
 * @param settle what is done with the files
 * @param accept whether they become what may no longer be broken
 */
export async function contracts(settle, accept) {
  await build();
  const { contractDocuments } = await built('documents.js');
  const { brokenPromises, isPromise } = await built('promises.js');
  const documents = await contractDocuments(samples);
  const files = await textsOf(documents);
  const stale = [...textsBelow(FOLDER).keys()].filter(
    (path) => !/^accepted\b/.test(path) && !files.has(path),
  );
  settle(
    below(FOLDER, files),
    stale.map((path) => `${FOLDER}/${path}`),
  );

  const accepted = textsBelow(ACCEPTED);
  const parsed = [...accepted].map(([path, text]) => [
    path,
    path.endsWith('.json') ? JSON.parse(text) : text,
  ]);
  const broken = brokenPromises(new Map(parsed), documents);
  if (broken.length > 0)
    throw new Failure(`${broken.join('\n')}\nothers rely on that: ${FOLDER}/README.md says what to do`);

  const promised = new Map([...files].filter(([path]) => isPromise(path)));
  if (accept) return writeFiles(below(ACCEPTED, promised));
  const news = [...promised].filter(([path, text]) => accepted.get(path) !== text).length;
  if (news > 0) console.log(`${FOLDER}: ${news} say something that is not accepted yet`);
}

const built = (file) => import(pathToFileURL(join(root, 'acceptance/dist/contracts', file)));

/** Each document as Prettier has it, by path. */
async function textsOf(documents) {
  const texts = new Map();
  for (const [path, document] of documents) {
    const text = path.endsWith('.json') ? JSON.stringify(document, null, 2) : document;
    const filepath = join(root, FOLDER, path);
    texts.set(path, await format(text, { ...(await resolveConfig(filepath)), filepath }));
  }
  return texts;
}

function textsBelow(folder) {
  const paths = globSync('**/*.{json,graphql}', { cwd: join(root, folder) }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, folder, path), 'utf8')]));
}

const below = (folder, files) => new Map([...files].map(([path, text]) => [`${folder}/${path}`, text]));
