"""Large folders, by workers: work in stages (stages.py), on this machine (local_stages.py) or as one Beam pipeline
(beam_stages.py).

First list_stages.py lists the folder; then spread_plan.py makes the plan, with one module of jobs for each format; and
when the images are written, spread_sums.py adds up what became of them. Each gives what listing.py, plan.py and sums.py
give for small folders.
"""
