"""Rounds of a measurement, and what counts of them."""
import statistics

import machine
from processes import Failure

# Medians are taken over calm rounds; where there are fewer than this, over the calmest so many.
CALM_ROUNDS_MIN = 3


def measured(setup, system, connections, seconds):
    """One round: what the client saw, the CPU time of the processes for each request, and of others."""
    setup.wait_until_calm()
    try:
        with machine.Watch(system.pids) as watch:
            result = system.ask(connections, seconds)
    except (Failure, OSError) as error:
        return {'error': str(error)}
    # The client's warming up is a part of the time watched, and of the CPU time.
    result['cpu_us'] = watch.cpu_s / max(result['per_s'] * watch.seconds, 1) * 1e6
    result['others_pct'] = watch.others_pct
    return result


def interleaved(systems, setup, seconds):
    """Measures all systems in turns, with one connection and with many: {(name, connections): rounds}."""
    rounds = {}
    for _ in range(setup.rounds):
        for connections in (1, 16):
            for system in systems:
                rounds.setdefault((system.name, connections), []).append(
                    measured(setup, system, connections, seconds))
    return rounds


def calm_ones(rounds):
    """Of rounds that went well those that count."""
    good = sorted((one for one in rounds if 'error' not in one), key=lambda one: one['others_pct'])
    calm = [one for one in good if one['others_pct'] < machine.CALM_PERCENT]
    return calm if len(calm) >= CALM_ROUNDS_MIN else good[:CALM_ROUNDS_MIN]


def median_of(rounds, key, digits=1):
    """The median of a figure over the rounds that have it, or None."""
    values = [one[key] for one in rounds if one.get(key) is not None]
    return round(statistics.median(values), digits) if values else None


def summary(rounds, keys):
    """Medians of `keys` over the rounds that count, and how many those were."""
    counted = calm_ones(rounds)
    figure = {key: median_of(counted, key) for key in keys}
    figure['rounds'] = len(rounds)
    figure['calm_rounds'] = sum(one['others_pct'] < machine.CALM_PERCENT for one in counted)
    figure['others_pct'] = median_of(counted, 'others_pct')
    errors = sorted({one['error'] for one in rounds if 'error' in one})
    if errors:
        figure['errors'] = errors[:3]
    return figure
