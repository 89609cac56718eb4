// What npm test says of the servers that variables name: which are not named, and what stays off those that are.
const names = { EVENTSTORE_URL: 'EventStoreDB', RABBITMQ_URL: 'RabbitMQ', DATABASE_URL: 'PostgreSQL' };

/** Suites that run on embedded servers only, although the variable names a real one. */
const embeddedOnly = {
  EVENTSTORE_URL: {
    'process-managers, acceptance': 'they hear the whole log, and would take up the orders of others in it',
  },
  RABBITMQ_URL: {
    'command-side, process-managers, acceptance':
      'their queues have fixed names: on a broker that others use, they would take their messages; but for dead letters, and for links in a vhost of their own',
  },
  DATABASE_URL: { acceptance: 'it kills its servers' },
};

/** One line for each thing that is not run against a real server, with why. */
export function notRunOnRealServers(environment) {
  return Object.entries(names).flatMap(([variable, name]) => {
    if (!environment[variable]) return [`Not run against a real ${name}: ${variable} is not set`];
    return Object.entries(embeddedOnly[variable]).map(
      ([suites, why]) => `Not run against ${variable}: ${suites} (${why})`,
    );
  });
}
