import type { Vocabulary } from './arguments.js';
import { auditVerb } from './audit.verb.js';
import { deadLettersNoun } from './dead-letters.verbs.js';
import { forwarderNoun } from './forwarder.verbs.js';
import { processNoun } from './process.verbs.js';
import { parkedNoun, quarantineNoun } from './quarantine.verbs.js';
import { replayErrand } from './replay.errand.js';
import { leasesVerb, subscriptionsVerb, timersVerb } from './work.verbs.js';

export const vocabulary: Vocabulary = {
  nouns: {
    process: processNoun,
    quarantine: quarantineNoun,
    'dead-letters': deadLettersNoun,
    parked: parkedNoun,
    forwarder: forwarderNoun,
  },
  verbs: { subscriptions: subscriptionsVerb, timers: timersVerb, leases: leasesVerb, audit: auditVerb },
  errands: { replay: replayErrand },
};
