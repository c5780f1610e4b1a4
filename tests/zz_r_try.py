import sys,time; sys.path.insert(0,'tests')
import pytest
from attacks import attacks
import attacked
@pytest.mark.parametrize("settings",["sqlite"],indirect=True)
def test_x(app, engine):
    t=time.process_time(); w=time.time()
    import cProfile,pstats
    pr=cProfile.Profile(); pr.enable()
    f=attacked.fill(engine, attacks()[::4])
    pr.disable(); pstats.Stats(pr).sort_stats("cumtime").print_stats(45)
    print("fill", time.process_time()-t, time.time()-w, len(f.full), len(f.single))
    from signed import Signed
    b=Signed(app,f.by)
    for u in [f"/moderation/dossiers/{f.full[0].id}",f"/incidents/{f.full[0].number}","/incidents",f"/incidents/{f.single[5].number}",f"/moderation/dossiers/{f.single[5].id}",f"/moderation/dossiers/{f.full[0].id}/versions",f"/moderation/dossiers/{f.full[0].id}/comparer","/moderation/journal.csv","/incidents.atom",f"/moderation/dossiers/{f.full[0].id}/corriger",f"/moderation/dossiers/{f.full[0].id}/caviarder"]:
        t=time.process_time(); a=b.get(u); print(u,a.status_code,len(a.data),round(time.process_time()-t,3))
