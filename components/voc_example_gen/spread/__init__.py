"""Large folders, by workers: work in stages (stages.py), as one Beam pipeline (beam_stages.py).

First spread_plan.py makes the plan, with one module of jobs for each format; then, when the images are written,
spread_sums.py adds up what became of them. Each gives what plan.py and sums.py give for small folders.
"""
