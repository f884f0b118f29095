"""Training libraries that record by themselves; each module needs its library, and only when it is imported.

    trackway.integration.keras         TrackwayCallback for ``model.fit``
    trackway.integration.lightgbm      trackway_callback() for ``lightgbm.train``, ``cv`` and ``fit``
    trackway.integration.lightning     TrackwayLogger for ``Trainer``
    trackway.integration.optuna        TrackwayCallback for ``study.optimize``
    trackway.integration.sklearn       autolog() for every ``fit`` and ``score``
    trackway.integration.transformers  TrackwayCallback for ``Trainer``
    trackway.integration.xgboost       TrackwayCallback for ``xgboost.train``, ``cv`` and ``fit``

They share three rules. Nothing that goes wrong with tracking is raised into training: it is said once, on the logger
``trackway``. A run that is open is used and left open; when there is none, one is opened with ``trackway.init`` and
ended as the training ended. Metrics keep the names that the library gives them.
"""
