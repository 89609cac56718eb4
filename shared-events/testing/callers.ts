import { type AccessSettings, accessSettings, callersOf } from '../http/access/configuration.js';
import type { Callers } from '../http/access/callers.js';
import { parseConfiguration } from '../transport/configuration.js';
import { z } from 'zod';
import { ACCESS } from './access.js';
import { silent } from './logger.js';

const settings: AccessSettings = parseConfiguration(z.object(accessSettings), ACCESS);

/** Believes the tokens of the specs. */
export const callersOfSpecs = (): Callers => callersOf(settings, silent);
